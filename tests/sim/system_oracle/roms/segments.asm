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

; Null selectors, selectors beyond the table, selectors into the LDT.
selectors:
%macro load_case 3          ; name, register, selector
    case %1
    mov eax, %3
    mov %2, ax
    done
%endmacro
    load_case "ds null", ds, 0
    load_case "es null rpl 3", es, 3
    load_case "fs null rpl 1", fs, 1
    load_case "gs null rpl 2", gs, 2
    load_case "ss null", ss, 0
    load_case "ss null rpl 3", ss, 3
    load_case "ds beyond GDT", ds, 0x1000
    load_case "ss beyond GDT", ss, 0x1003
    load_case "ds in LDT, no LDT", ds, 0x0c
    load_case "ss in LDT, no LDT", ss, 0x0c
    case "read through null gs"
    xor eax, eax
    mov gs, ax
    mov eax, [gs:0x1000]
    done
    case "write through null es"
    xor eax, eax
    mov es, ax
    mov [es:0x1000], eax
    done
    case "lodsb through null fs"
    xor eax, eax
    mov fs, ax
    mov esi, 0x1000
    fs lodsb
    done
    case "lldt"
    mov ax, LDT_SEL
    lldt ax
    sldt bx
    show "sldt", 4, ebx
    done
    mov dword [LDT + 8], 0x0000ffff
    mov dword [LDT + 12], 0x00cf9200
    mov dword [LDT + 16], 0x0000ffff
    mov dword [LDT + 20], 0x00cf1200
    case "fs from LDT"
    mov ax, 0x0c
    mov fs, ax
    mov ebx, fs
    show "fs", 8, ebx
    done
    load_case "es from LDT, not present", es, 0x14
    load_case "ss from LDT, not present", ss, 0x14
    load_case "ss from LDT", ss, 0x0c
    load_case "fs from LDT, empty entry", fs, 0x1c
    load_case "fs beyond LDT", fs, 0x1004
    case "LDT limit 0Eh"
    set_descriptor TEST, 0x2000000e, 0x00008204
    mov ax, TEST
    lldt ax
    mov ax, 0x0c
    mov ds, ax
    done
    case "LDT limit 0Fh"
    set_descriptor TEST, 0x2000000f, 0x00008204
    mov ax, TEST
    lldt ax
    mov ax, 0x0c
    mov ds, ax
    done
    case "lldt null"
    mov eax, 3
    lldt ax
    sldt ebx
    show "sldt", 8, ebx
    done
    load_case "ds from null LDT", ds, 0x0c
%macro pointer_case 2
    case %1
    mov dword [SCRATCH], 0x12345678
    mov word [SCRATCH + 4], DATA
    mov word [SCRATCH + 6], 0
    mov word [SCRATCH + 8], 0x1008
    %2 edx, [SCRATCH]
    show "offset", 8, edx
    mov edx, 5
    show "kept", 8, edx
    %2 edx, [SCRATCH + 4]
    done
    hex 8, edx
    newline
%endmacro
    pointer_case "les", les
    pointer_case "lfs", lfs
    pointer_case "lgs", lgs
    pointer_case "lss", lss
    pointer_case "lds", lds
    case "pop ss with a bad selector keeps esp"
    push dword 0x1008
    pop ss
    done
    case "pop es"
    mov ebx, esp
    push dword 0xffff0000 | DATA
    pop es
    sub ebx, esp
    show "moved", 8, ebx
    done
    case "push fs is 4 bytes"
    mov ebx, esp
    push fs
    sub ebx, esp
    show "moved", 8, ebx
    done
    case "mov cs, ax"
    db 0x8e, 0xc8
    done
    ret

; Data segments with base SCRATCH.
limits:
%macro limit_case 5         ; name, low limit word, byte 6 and rights, instruction, its operand's offset
    case %1
    set_descriptor TEST, %2, %3
    mov ax, TEST
    mov es, ax
    mov ebx, %5
    %4
    done
%endmacro
    limit_case "up limit 0FFFh, byte at 0FFFh", 0x00000fff, 0x00409205, {mov al, [es:ebx]}, 0xfff
    limit_case "up limit 0FFFh, byte at 1000h", 0x00000fff, 0x00409205, {mov al, [es:ebx]}, 0x1000
    limit_case "up limit 0FFFh, word at 0FFEh", 0x00000fff, 0x00409205, {mov ax, [es:ebx]}, 0xffe
    limit_case "up limit 0FFFh, word at 0FFFh", 0x00000fff, 0x00409205, {mov ax, [es:ebx]}, 0xfff
    limit_case "up limit 0FFFh, dword at 0FFCh", 0x00000fff, 0x00409205, {mov eax, [es:ebx]}, 0xffc
    limit_case "up limit 0FFFh, dword at 0FFDh", 0x00000fff, 0x00409205, {mov eax, [es:ebx]}, 0xffd
    limit_case "up limit 0FFFh, dword at FFFFFFFEh", 0x00000fff, 0x00409205, {mov eax, [es:ebx]}, 0xfffffffe
    limit_case "up limit 0, byte at 0", 0x00000000, 0x00409205, {mov al, [es:ebx]}, 0
    limit_case "up limit 0, word at 0", 0x00000000, 0x00409205, {mov ax, [es:ebx]}, 0
    limit_case "up G limit 0, dword at 0FFCh", 0x00000000, 0x00c09205, {mov eax, [es:ebx]}, 0xffc
    limit_case "up G limit 0, byte at 1000h", 0x00000000, 0x00c09205, {mov al, [es:ebx]}, 0x1000
    limit_case "up G limit FFFFFh, dword at FFFFFFFFh wraps", 0x0000ffff, 0x00cf9200, {mov eax, [es:ebx]}, 0xffffffff
    limit_case "read-only, write", 0x00000fff, 0x00409005, {mov [es:ebx], al}, 0
    limit_case "read-only, read", 0x00000fff, 0x00409005, {mov al, [es:ebx]}, 0
    limit_case "code, read", 0x00000fff, 0x00409a05, {mov al, [es:ebx]}, 0
    limit_case "code, write", 0x00000fff, 0x00409a05, {mov [es:ebx], al}, 0
    limit_case "down limit 0FFFh, byte at 0FFFh", 0x00000fff, 0x00409605, {mov al, [es:ebx]}, 0xfff
    limit_case "down limit 0FFFh, byte at 1000h", 0x00000fff, 0x00409605, {mov al, [es:ebx]}, 0x1000
    limit_case "down limit 0FFFh, byte at 0", 0x00000fff, 0x00409605, {mov al, [es:ebx]}, 0
    limit_case "down B=0, byte at FFFFh", 0x00000fff, 0x00009605, {mov al, [es:ebx]}, 0xffff
    limit_case "down B=0, word at FFFFh", 0x00000fff, 0x00009605, {mov ax, [es:ebx]}, 0xffff
    limit_case "down B=0, byte at 10000h", 0x00000fff, 0x00009605, {mov al, [es:ebx]}, 0x10000
    limit_case "down B=1, byte at 10000h", 0x00000fff, 0x00409605, {mov al, [es:ebx]}, 0x10000
    limit_case "down G limit 0, byte at 0FFFh", 0x00000000, 0x00c09605, {mov al, [es:ebx]}, 0xfff
    limit_case "down G limit 0, byte at 1000h", 0x00000000, 0x00c09605, {mov al, [es:ebx]}, 0x1000
    limit_case "down limit FFFFFh, byte at 100000h", 0x0000ffff, 0x004f9605, {mov al, [es:ebx]}, 0x100000
    limit_case "down limit FFFFFh, byte at FFFFFh", 0x0000ffff, 0x004f9605, {mov al, [es:ebx]}, 0xfffff
    limit_case "down read-only, write", 0x00000fff, 0x00409405, {mov [es:ebx], al}, 0x1000
    case "rep movsb stops at the limit"
    mov ax, TEST
    mov es, ax
    mov edi, 0xffd
    mov esi, SCRATCH
    mov ecx, 8
    rep movsb
    done
    show "ecx", 8, ecx
    show "edi", 8, edi
    newline
    ret

; Stack segments of all kinds, at CPL 3: the exception then has a stack of its own. sp is what the exception saved.
stacks:
%macro stack_case 6+        ; name, low word, byte 6 and rights, esp, ebp, instruction
    case %1
    set_descriptor TEST, %2, %3
    to_user
    mov ax, TEST | 3
    mov ss, ax
    mov esp, %4
    mov ebp, %5
    origin
    %6
    end_ring
    done
%endmacro
    stack_case "up limit 0FFFh, push at 1004h", 0x00000fff, 0x0040f205, 0x1004, 0, push eax
    stack_case "up limit 0FFFh, push at 1000h", 0x00000fff, 0x0040f205, 0x1000, 0, push eax
    stack_case "up limit 0FFFh, push at 0", 0x00000fff, 0x0040f205, 0, 0, push eax
    stack_case "up limit 0FFFh, push at 2", 0x00000fff, 0x0040f205, 2, 0, push eax
    stack_case "up limit 0FFFh, pop at 0FFDh", 0x00000fff, 0x0040f205, 0xffd, 0, pop eax
    stack_case "up limit 0FFFh, pusha at 1020h", 0x00000fff, 0x0040f205, 0x1020, 0, pushad
    stack_case "up limit 0FFFh, pusha at 10h", 0x00000fff, 0x0040f205, 0x10, 0, pushad
    stack_case "up limit 0FFFh, popa at 0FF0h", 0x00000fff, 0x0040f205, 0xff0, 0, popad
    stack_case "up limit 0FFFh, call at 2000h", 0x00000fff, 0x0040f205, 0x2000, 0, call stacks
    stack_case "up limit 0FFFh, ret at 2000h", 0x00000fff, 0x0040f205, 0x2000, 0, ret
    stack_case "up limit 0FFFh, far call at 1004h", 0x00000fff, 0x0040f205, 0x1004, 0, call UCODE:stacks
    stack_case "up limit 0FFFh, far ret at 0FFCh", 0x00000fff, 0x0040f205, 0xffc, 0, retf
    stack_case "up limit 0FFFh, iret at 0FF8h", 0x00000fff, 0x0040f205, 0xff8, 0, iretd
    stack_case "up limit 0FFFh, pushf at 1004h", 0x00000fff, 0x0040f205, 0x1004, 0, pushfd
    stack_case "up limit 0FFFh, enter at 2000h", 0x00000fff, 0x0040f205, 0x2000, 0, enter 8, 0
    stack_case "up limit 0FFFh, enter 1000h, 0 at 1000h", 0x00000fff, 0x0040f205, 0x1000, 0, enter 0x1000, 0
    stack_case "up limit 0FFFh, enter 4, 0 at 1000h", 0x00000fff, 0x0040f205, 0x1000, 0, enter 4, 0
    stack_case "up limit 0FFFh, leave to 2000h", 0x00000fff, 0x0040f205, 0x1000, 0x2000, leave
    stack_case "up limit 0FFFh, ebp", 0x00000fff, 0x0040f205, 0x1000, 0x2000, mov eax, [ebp]
    stack_case "up limit 0FFFh, esp", 0x00000fff, 0x0040f205, 0x1000, 0, mov eax, [esp]
    stack_case "up limit 0FFFh, pop to memory", 0x00000fff, 0x0040f205, 0xffc, 0, pop dword [esp]
    stack_case "down limit 0FFFh, push at 1004h", 0x00000fff, 0x0040f605, 0x1004, 0, push eax
    stack_case "down limit 0FFFh, push at 1003h", 0x00000fff, 0x0040f605, 0x1003, 0, push eax
    stack_case "down limit 0FFFh B=0, push at 0", 0x00000fff, 0x0000f605, 0, 0, push eax
    stack_case "down limit 0FFFh B=0, push at 2", 0x00000fff, 0x0000f605, 2, 0, push eax
    stack_case "16 bits, push at 12340002h", 0x0000ffff, 0x0000f205, 0x12340002, 0, push eax
    stack_case "16 bits, push at 12340000h", 0x0000ffff, 0x0000f205, 0x12340000, 0, push eax
    stack_case "16 bits, push word at 1", 0x0000ffff, 0x0000f205, 1, 0, push ax
    stack_case "16 bits, pop at FFFEh", 0x0000ffff, 0x0000f205, 0x1fffe, 0, pop ax
    stack_case "16 bits, pop dword at FFFEh", 0x0000ffff, 0x0000f205, 0x1fffe, 0, pop eax
    stack_case "16 bits, pusha at 10h", 0x0000ffff, 0x0000f205, 0x50010, 0, pushad
    stack_case "16 bits, enter", 0x0000ffff, 0x0000f205, 0x58000, 0x6ffff, enter 8, 0
    stack_case "16 bits, leave", 0x0000ffff, 0x0000f205, 0x58000, 0x67000, leave
    ret

; Far jumps into code segments.
far_jumps:
    for_each rights, 0x98, 0x9f, 2
    for_each dpl, 0, 3, 1
    for_each rpl, 0, 3, 1
    for_each cpl, 0, 3, 3
    mov eax, [dpl]
    shl eax, 5
    or eax, [rights]
    shl eax, 8
    or eax, 0x00cf0000
    set_descriptor TEST, 0x0000ffff, eax
    mov eax, [rpl]
    or eax, TEST
    mov [.pointer + 4], ax
    say "jmp far, type "
    hex 2, [rights]
    show "dpl", 2, [dpl]
    show "rpl", 2, [rpl]
    show "cpl", 2, [cpl]
    try
    at_cpl
    jmp far [.pointer]
.there:
    end_ring
    endtry
    call plain_outcome
    show "cs", 4, [trap_cs]
    newline
    next
    next
    next
    next
    case "jmp far, data segment"
    jmp DATA:.there
    done
    case "jmp far, null"
    jmp 0:.there
    done
    case "jmp far, null rpl 3"
    jmp 3:.there
    done
    case "jmp far, LDT descriptor"
    jmp LDT_SEL:.there
    done
    case "jmp far, not present"
    set_descriptor TEST, 0x0000ffff, 0x00cf1a00
    jmp TEST:.there
    done
    case "jmp far, beyond the limit"
    set_descriptor TEST, 0x00000fff, 0x00409a00
    jmp TEST:0x1000
    done
    case "jmp far, 16-bit offset"
    set_descriptor TEST, 0x0000ffff, 0x00409a01
    o16 jmp far [.pointer16]
    done
    case "near jmp beyond the limit"
    set_descriptor TEST, 0x0000ffff, 0x00409a01
    jmp TEST:.edge - BASE
.edge:
    mov eax, 0x10000
    jmp eax
    done
    case "near call beyond the limit"
    jmp TEST:.edge2 - BASE
.edge2:
    mov eax, 0x10000
    call eax
    done
    case "near ret beyond the limit"
    jmp TEST:.edge3 - BASE
.edge3:
    push dword 0x10000
    ret
    done
    ret
.pointer:
    dd .there
    dw 0
.pointer16:
    dw .there16 - BASE, TEST
.there16:
    int 0x30

reload_task_register:
    and byte [GDT + TSS_SEL + 5], ~2
    mov ax, TSS_SEL
    ltr ax
    ret

; LTR and LLDT of every system type; privileged at CPL 3.
system_registers:
    for_each rights, 0x80, 0x9f, 1
    call put_rights
    say "system type "
    hex 2, [rights]
    say " lldt"
    try
    mov ax, TEST
    lldt ax
    end_ring
    endtry
    call plain_outcome
    xor eax, eax
    lldt ax
    call put_rights
    say " ltr"
    try
    mov ax, TEST
    ltr ax
    end_ring
    endtry
    call plain_outcome
    movzx ebx, byte [GDT + TEST + 5]
    show "after", 2, ebx
    newline
    call reload_task_register
    next
    case "lldt, not present"
    set_descriptor TEST, LOW_WORD, 0x00000200
    mov ax, TEST
    lldt ax
    done
    case "ltr, not present"
    set_descriptor TEST, LOW_WORD, 0x00000900
    mov ax, TEST
    ltr ax
    done
    case "ltr null"
    xor eax, eax
    ltr ax
    done
    call reload_task_register
    case "ltr in LDT"
    mov ax, TSS_SEL | 4
    ltr ax
    done
    case "lldt in LDT"
    mov ax, LDT_SEL | 4
    lldt ax
    done
    case "ltr beyond GDT"
    mov ax, 0x1000
    ltr ax
    done
    case "lldt beyond GDT"
    mov ax, 0x1000
    lldt ax
    done
%macro user_case 2+
    case %1
    to_user
    origin
    %2
    end_ring
    done
%endmacro
    user_case "cpl 3 lldt", lldt ax
    user_case "cpl 3 ltr", ltr ax
    user_case "cpl 3 lgdt", lgdt [gdt_pointer]
    user_case "cpl 3 lidt", lidt [idt_pointer]
    user_case "cpl 3 lmsw", lmsw ax
    user_case "cpl 3 clts", clts
    user_case "cpl 3 hlt", hlt
    user_case "cpl 3 invlpg", invlpg [0]
    user_case "cpl 3 invd", invd
    user_case "cpl 3 wbinvd", wbinvd
    user_case "cpl 3 mov cr0", mov eax, cr0
    user_case "cpl 3 mov to cr3", mov cr3, eax
    user_case "cpl 3 mov dr7", mov eax, dr7
    user_case "cpl 3 mov to dr0", mov dr0, eax
    user_case "cpl 3 rdmsr", rdmsr
    user_case "cpl 3 wrmsr", wrmsr
    user_case "cpl 3 cli", cli
    user_case "cpl 3 sti", sti
    user_case "cpl 3 in", in al, 0x80
    user_case "cpl 3 out", out 0x80, al
    user_case "cpl 3 insb", insb
    user_case "cpl 3 outsb", outsb
    user_case "cpl 3 rsm", rsm
    user_case "cpl 3 sgdt", sgdt [SCRATCH]
    user_case "cpl 3 sidt", sidt [SCRATCH]
    user_case "cpl 3 sldt", sldt ax
    user_case "cpl 3 str", str ax
    user_case "cpl 3 smsw", smsw ax
    user_case "cpl 3 rdtsc", rdtsc
    user_case "cpl 3 cpuid", cpuid
    case "sgdt"
    sgdt [SCRATCH]
    show "limit", 4, [SCRATCH]
    show "base", 8, [SCRATCH + 2]
    done
    case "sidt"
    sidt [SCRATCH]
    show "limit", 4, [SCRATCH]
    show "base", 8, [SCRATCH + 2]
    done
    case "str"
    mov eax, -1
    str eax
    show "tr", 8, eax
    done
    case "lgdt, 16-bit operand: 24 bits of base"
    mov word [SCRATCH + 16], 0xfff
    mov dword [SCRATCH + 18], 0x77000000 | GDT
    o16 lgdt [SCRATCH + 16]
    sgdt [SCRATCH]
    show "limit", 4, [SCRATCH]
    show "base", 8, [SCRATCH + 2]
    done
    lgdt [gdt_pointer]
    case "lidt, 16-bit operand: 24 bits of base"
    mov word [SCRATCH + 16], 0xfff
    mov dword [SCRATCH + 18], 0x77000000 | IDT
    o16 lidt [SCRATCH + 16]
    sidt [SCRATCH]
    show "limit", 4, [SCRATCH]
    show "base", 8, [SCRATCH + 2]
    done
    lidt [idt_pointer]
    case "lgdt with a register operand"
    db 0x0f, 0x01, 0xd4     ; mod 3, reg 2: VMFUNC's place
    done
    ret
    rom_end
