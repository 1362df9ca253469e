; Segment registers in protected mode: every descriptor type with every mixture of DPL, RPL and CPL into DS, SS and CS,
; limits of all kinds, LLDT and LTR; with ACCESS_RIGHTS what LAR, LSL, VERR and VERW say of the same descriptors.
; SDM vol. 3A 3.4.5, 5.2 to 5.8; vol. 2 MOV, LAR, LSL, VERR, LLDT, LTR.
%include "runtime/protected.inc"

; The descriptor under test: base 1000h, limit FFFFh.
%define LOW_WORD 0x1000ffff

; for_each BYTE, FIRST, LAST, STEP ... next: a loop with its counter in memory
%macro for_each 4
    %push loop
    %define %$counter %1
    %define %$last %3
    %define %$step %4
    mov dword [%1], %2
  %$top:
%endmacro
%macro next 0
    add dword [%$counter], %$step
    cmp dword [%$counter], %$last
    jbe near %$top
    %pop
%endmacro

rights: dd 0
rpl: dd 0
cpl: dd 0
selector: dd 0

put_rights:                 ; byte 5 of the descriptor from [rights]
    mov eax, [rights]
    shl eax, 8
    or eax, 0x00400000
    set_descriptor TEST, LOW_WORD, eax
    ret

; Runs the code at [operation] with ax = [selector] at CPL 0 or 3 and prints the outcome.
%macro at_cpl 0
    mov [try_stack], esp
    mov eax, [selector]
    cmp dword [cpl], 0
    je %%go
    to_user
%%go:
%endmacro

; Back to CPL 0 if at_cpl left it.
%macro back_to_kernel 0
    cmp dword [cpl], 0
    je %%in
    to_kernel
%%in:
%endmacro

; A row: every operation with one descriptor, RPL and CPL.
row:
    call put_rights
    mov eax, [rpl]
    or eax, TEST
    mov [selector], eax
    say "type "
    hex 2, [rights]
    show "rpl", 2, [rpl]
    show "cpl", 2, [cpl]
%ifdef ACCESS_RIGHTS
    say " lar "
    at_cpl
    mov ebx, -1
    lar ebx, ax
    setz cl
    back_to_kernel
    call yes_or_no
    hex 8, ebx
    say " lsl "
    at_cpl
    mov ebx, -1
    lsl ebx, ax
    setz cl
    back_to_kernel
    call yes_or_no
    hex 8, ebx
    at_cpl
    verr ax
    setz cl
    verw ax
    setz bl
    back_to_kernel
    say " verr "
    call yes_or_no
    say " verw "
    mov cl, bl
    call yes_or_no
%else
    say " ds"
    try
    at_cpl
    mov ds, ax
    mov bx, DATA
    cmp dword [cs:cpl], 0
    jne .ds_user
    mov ds, bx
    jmp .ds_end
.ds_user:
    end_ring
.ds_end:
    endtry
    call plain_outcome
    say " ss"
    call put_rights
    try
    at_cpl
    mov ss, ax
    mov bx, DATA            ; no interrupt on this stack
    cmp dword [cs:cpl], 0
    jne .ss_user
    mov ss, bx
    jmp .ss_end
.ss_user:
    end_ring
.ss_end:
    endtry
    call plain_outcome
%endif
    movzx ebx, byte [GDT + TEST + 5]
    show "after", 2, ebx
    newline
    ret

yes_or_no:
    test cl, cl
    jz .no
    say "y"
    ret
.no:
    say "n"
    ret

main:
    ; Every type byte with DPL 0 and 3, present and not, at CPL 0 and RPL 0.
    for_each rights, 0, 0xff, 1
    test dword [rights], 0x20       ; DPL 0 and 2 only
    jnz .not_row
    cmp dword [rights], 0x80
    jae .present
    mov eax, [rights]               ; not present: one of each kind
    and eax, 0x1f
    cmp eax, 0x02
    je .present
    cmp eax, 0x12
    je .present
    cmp eax, 0x1a
    je .present
    cmp eax, 0x18
    je .present
    jmp .not_row
.present:
    mov dword [rpl], 0
    mov dword [cpl], 0
    call row
.not_row:
    next

    ; Privilege: data, readable, execute-only and conforming code, LDT, call gate; every DPL, RPL; CPL 0 and 3.
    mov esi, .types
.type:
    for_each cpl, 0, 3, 3
    for_each rpl, 0, 3, 1
    for_each dpl, 0, 3, 1
    movzx eax, byte [esi]
    mov ebx, [dpl]
    shl ebx, 5
    or eax, ebx
    mov [rights], eax
    push esi
    call row
    pop esi
    next
    next
    next
    inc esi
    cmp esi, .types_end
    jne .type

%ifndef ACCESS_RIGHTS
    call selectors
    call limits
    call stacks
    call far_jumps
    call system_registers
%endif
    ret
.types: db 0x92, 0x9a, 0x9e, 0x98, 0x82
.types_end:
dpl: dd 0

%include "segments/selectors.inc"
%include "segments/limits.inc"
%include "segments/jumps.inc"
%include "segments/system_registers.inc"

    rom_end
