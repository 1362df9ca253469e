; Interrupt and trap gates of protected mode, and IRET: flags, frames, privilege changes, stacks out of the TSS, every check
; and its error code, with EXT. SDM vol. 3A 5.8, 6.11 to 6.13; vol. 2A INT n, IRET.
%include "runtime/protected.inc"
%include "runtime/gates.inc"

%define CODE1 (TEST + 0x20 | 1)     ; flat code and data of ring 1
%define DATA1 (TEST + 0x28 | 1)
%define CONFORMING (TEST + 0x30)
%define SPARE (TEST + 0x38)
%define ALL_FLAGS 0x00044000        ; AC and NT; IF, TF and IOPL are the case's

main:
    set_descriptor CODE1, 0x0000ffff, 0x00cfba00
    set_descriptor DATA1, 0x0000ffff, 0x00cfb200
    set_descriptor CONFORMING, 0x0000ffff, 0x00cf9e00
    mov dword [TSS + 16], DATA1
    call frames
    call exceptions
    call gate_checks
    call stack_checks
    call returns
    call return_checks
    ret

%macro load_flags 1
    push dword %1
    popfd
%endmacro
; vector 32h to `target`: RIGHTS of the gate, flags before
%macro same_case 4          ; name, rights, flags, frame of words
    case %1
    set_gate 0x32, CODE, target, %2
    expect_same_stack %4
    load_flags %3
    int 0x32
    done
%endmacro
%macro user_case 6          ; name, selector, rights, flags, top of the stack, frame of words
    case %1
    set_gate 0x32, %2, target, %3
    expect_frame %5, %6
    to_user %4
    mov esp, USER_STACK
    int 0x32
    done
%endmacro
frames:
    same_case "interrupt gate", 0x8e00, 0x200 | ALL_FLAGS, 0
    same_case "trap gate", 0x8f00, 0x200 | ALL_FLAGS, 0
    same_case "trap gate, IF clear", 0x8f00, 0x002, 0
    same_case "interrupt gate, IOPL stays", 0x8e00, 0x3202, 0
    same_case "reserved bits 0 to 4 of a gate", 0x8e1f, 0x202, 0
    user_case "CPL 3 to 0, interrupt gate", CODE, 0xee00, 0x202 | ALL_FLAGS, RING0_STACK, 0
    user_case "CPL 3 to 0, trap gate", CODE, 0xef00, 0x202 | ALL_FLAGS, RING0_STACK, 0
    user_case "CPL 3 to 0, RPL of the target does not matter", CODE | 3, 0xee00, 0x202, RING0_STACK, 0
    user_case "CPL 3 to 1", CODE1, 0xef00, 0x1202, RING1_STACK, 0
    set_descriptor SPARE, 0x0000ffff, 0x00409a01
    case "16-bit interrupt gate"
    set_gate 0x32, SPARE, .short, 0x8600
    expect_same_stack 1
    load_flags 0x44202
    int 0x32
.short:
    jmp CODE:target
    done
    case "16-bit trap gate, CPL 3 to 0"
    set_gate 0x32, SPARE, .short2, 0xe700
    expect_frame RING0_STACK, 1
    to_user 0x44202
    mov esp, USER_STACK
    int 0x32
.short2:
    jmp CODE:target
    done
    mov word [BASE + 0x10000], 0x30cd   ; INT 30h, for who looks at the upper half of the offset
    case "a 16-bit gate has 16 bits of offset"
    set_gate 0x32, SPARE, landing, 0x8600
    mov word [IDT + 0x32 * 8 + 6], 1
    int 0x32
    done
    case "conforming handler at CPL 3"
    set_gate 0x32, CONFORMING, landing, 0xee00
    to_user 0x202
    mov esp, USER_STACK
    int 0x32
    done
    case "CPL 3 to 3"
    set_gate 0x32, UCODE, landing, 0xee00
    to_user 0x202
    mov esp, USER_STACK
    int 0x32
    done
    case "int3"
    set_gate 3, CODE, target, 0xef00
    expect_frame RING0_STACK, 0
    to_user
    mov esp, USER_STACK
    int3
    done
    case "int 3 in two bytes"
    to_user
    mov esp, USER_STACK
    db 0xcd, 3
    done
    reset_gate 3
    or byte [IDT + 3 * 8 + 5], 0x60
    case "into"
    set_gate 4, CODE, target, 0xee00
    expect_frame RING0_STACK, 0
    to_user 0xa02           ; IF, OF
    mov esp, USER_STACK
    into
    done
    case "into, no overflow"
    to_user 0x202
    into
    end_ring
    done
    reset_gate 4
    or byte [IDT + 4 * 8 + 5], 0x60
    case "16-bit stack"
    set_descriptor SPARE, 0x0000ffff, 0x00009200
    mov dword [TSS + 8], SPARE
    mov dword [TSS + 4], 0x56780000 | RING0_STACK
    set_gate 0x32, CODE, target, 0xee00
    expect_frame RING0_STACK, 0
    to_user
    mov esp, USER_STACK
    int 0x32
    done
    mov dword [TSS + 8], DATA
    mov dword [TSS + 4], RING0_STACK
    ret

; Exceptions of each kind: saved pointer, RF, error code.
%macro exception_case 3+    ; name, vector; code
    case %1
    set_gate %2, CODE, target, 0x8e00
    expect_frame RING0_STACK, 0
    mov byte [frame_error], (%2) >= 10 && (%2) <= 14
    to_user
    mov esp, USER_STACK
    origin
    %3
    done
    reset_gate %2
%endmacro
exceptions:
    set_descriptor TEST + 0x70, 0x0000ffff, 0x00cf7200
    xor ecx, ecx
    exception_case "#DE of div", 0, div ecx
    exception_case "#DE of idiv", 0, idiv cl
    exception_case "#DE of aam", 0, aam 0
    exception_case "#BR", 5, bound eax, [.bounds]
    exception_case "#UD", 6, ud2
    exception_case "#UD of lock", 6, db 0xf0, 0x90
    exception_case "#GP of hlt", 13, hlt
    exception_case "#GP of a privileged move", 13, mov cr0, eax
    exception_case "#GP of int", 13, int 0x20
    exception_case "#GP of a selector", 13, mov ds, [.selector]
    exception_case "#NP of a selector", 11, mov ds, [.absent]
    exception_case "#SS of a selector", 12, mov ss, [.absent]
    exception_case "int1", 1, db 0xf1
    exception_case "#GP of 16 bytes", 13, times 15 db 0x66
    ret
.bounds: dd 1, 2
.selector: dw 0x1003
.absent: dw TEST + 0x70 | 3

; What INT 32h at CPL 0 or 3 says of the gate. The error code's bit 1 says IDT, bit 0 EXT.
%macro gate_case 3-5 landing, 0x202 ; name, selector, rights, offset, flags
    case %1
    set_gate 0x32, %2, %4, %3
    to_user %5
    mov esp, USER_STACK
    origin
    int 0x32
    done
%endmacro
gate_checks:
    gate_case "DPL 0 at CPL 3", CODE, 0x8e00
    gate_case "DPL 2 at CPL 3", CODE, 0xce00
    gate_case "not present", CODE, 0x6e00
    gate_case "not present, DPL 0", CODE, 0x0e00
    %assign type 0
    %rep 32
    %if type != 5 && type != 6 && type != 7 && type != 14 && type != 15
    gate_case {"gate type ", '0' + type / 10, '0' + type % 10}, CODE, 0xe000 | type << 8
    %endif
    %assign type type + 1
    %endrep
    gate_case "null target", 0, 0xee00
    gate_case "null target RPL 3", 3, 0xee00
    gate_case "target beyond GDT", 0x1000, 0xee00
    gate_case "target in no LDT", 0x0c, 0xee00
    gate_case "target data", DATA, 0xee00
    gate_case "target a TSS", TSS_SEL, 0xee00
    set_descriptor SPARE, 0x0000ffff, 0x00cf1a00
    gate_case "target not present", SPARE, 0xee00
    set_descriptor SPARE, 0x0000ffff, 0x0040ba00
    gate_case "offset beyond the limit", SPARE, 0xee00
    case "target less privileged"
    set_gate 0x32, UCODE, landing, 0x8e00
    origin
    int 0x32
    done
    case "vector at the IDT's limit"
    mov word [idt_pointer], 0x32 * 8 + 7
    lidt [idt_pointer]
    set_gate 0x32, CODE, landing, 0xee00
    origin
    int 0x32
    done
    case "vector beyond the IDT's limit"
    mov word [idt_pointer], 0x32 * 8 + 6
    lidt [idt_pointer]
    origin
    int 0x32
    done
    case "vector far beyond the IDT's limit"
    origin
    int 0xff
    done
    mov word [idt_pointer], 0xfff
    lidt [idt_pointer]
    ; The same for exceptions: the second one replaces the first unless both are contributory.
%macro nested_case 4+       ; name, vector, rights; code
    case %1
    set_gate %2, CODE, landing, %3
    to_user
    mov esp, USER_STACK
    origin
    %4
    done
    reset_gate %2
%endmacro
    nested_case "#UD, its gate not present", 6, 0x0e00, ud2
    nested_case "#UD, its gate of a wrong type", 6, 0x8200, ud2
    nested_case "#BR, its gate not present", 5, 0x0e00, bound eax, [.bounds]
    nested_case "int1, its gate not present", 1, 0x0e00, db 0xf1
    nested_case "int3, its gate not present", 3, 0x6e00, int3
    case "into, its gate not present"
    set_gate 4, CODE, landing, 0x6e00
    to_user 0x802
    origin
    into
    done
    reset_gate 4
    nested_case "#DE, its gate not present", 0, 0x0e00, div edx
    nested_case "#GP, its gate not present", 13, 0x0e00, hlt
    nested_case "#NP, its gate not present", 11, 0x0e00, mov ds, [exceptions.absent]
    or byte [IDT + 3 * 8 + 5], 0x60
    or byte [IDT + 4 * 8 + 5], 0x60
    case "#UD, its target null"
    set_gate 6, 0, landing, 0x8e00
    origin
    ud2
    done
    case "#UD, its target beyond the GDT"
    set_gate 6, 0x1000, landing, 0x8e00
    origin
    ud2
    done
    case "#UD, its target not present"
    set_descriptor SPARE, 0x0000ffff, 0x00cf1a00
    set_gate 6, SPARE, landing, 0x8e00
    origin
    ud2
    done
    case "#UD, its target's limit"
    set_descriptor SPARE, 0x0000ffff, 0x00409a00
    set_gate 6, SPARE, landing, 0x8e00
    origin
    ud2
    done
    reset_gate 6
    ret
.bounds: dd 1, 2

%macro stack_case 3-4 1     ; name, ESP1, SS1; 1 for INT 32h, 2 for UD2
    case %1
    mov dword [TSS + 12], %2
    mov dword [TSS + 16], %3
    to_user
    mov esp, USER_STACK
    mov eax, 1
    origin
    %if %4 = 1
    int 0x32
    %else
    ud2
    %endif
    done
%endmacro
; To ring 1, so that the exception itself has the good stack of ring 0.
stack_checks:
    set_gate 0x32, CODE1, landing, 0xee00
    set_gate 6, CODE1, landing, 0xee00
    stack_case "ss null", RING1_STACK, 0
    stack_case "ss null RPL 1", RING1_STACK, 1
    stack_case "ss beyond GDT", RING1_STACK, 0x1001
    stack_case "ss RPL 0", RING1_STACK, DATA1 & ~3
    stack_case "ss DPL 0", RING1_STACK, DATA | 1
    stack_case "ss code", RING1_STACK, CODE1
    set_descriptor SPARE, 0x0000ffff, 0x00cfb000
    stack_case "ss read-only", RING1_STACK, SPARE | 1
    set_descriptor SPARE, 0x0000ffff, 0x00cf3200
    stack_case "ss not present", RING1_STACK, SPARE | 1
    set_descriptor SPARE, 0x00000fff, 0x0040b200
    stack_case "frame fits exactly", 20, SPARE | 1
    stack_case "frame does not fit", 19, SPARE | 1
    stack_case "stack too short", 0x2000, SPARE | 1
    stack_case "#UD, ss null", RING1_STACK, 0, 2
    stack_case "#UD, ss beyond GDT", RING1_STACK, 0x1001, 2
    stack_case "#UD, ss DPL 0", RING1_STACK, DATA | 1, 2
    set_descriptor SPARE, 0x0000ffff, 0x00cf3200
    stack_case "#UD, ss not present", RING1_STACK, SPARE | 1, 2
    set_descriptor SPARE, 0x00000fff, 0x0040b200
    stack_case "#UD, frame does not fit", 19, SPARE | 1, 2
    reset_gate 6
    mov dword [TSS + 12], RING1_STACK
    mov dword [TSS + 16], DATA1
    case "same level, the stack's limit"
    set_gate 0x32, UCODE, landing, 0xee00
    set_descriptor SPARE, 0x00000fff, 0x0040f205
    to_user
    mov ax, SPARE | 3
    mov ss, ax
    mov esp, 11
    origin
    int 0x32
    done
    case "#UD at the same level, the stack's limit"
    set_gate 6, UCODE, landing, 0x8e00
    to_user
    mov ax, SPARE | 3
    mov ss, ax
    mov esp, 11
    origin
    ud2
    done
    reset_gate 6
    ret

; IRET from CPL FROM with these EFLAGS, to the landing at CPL 3 or back to CPL 0: the flags that INT 30h then saves.
%macro flags_case 4         ; name, flags before, flags in the frame, selector of the target
    say %1, ":"
    try
    push dword UDATA
    push dword USER_STACK
    push dword %3
    push dword %4
    push dword landing
    load_flags %2
    iretd
    endtry
    report
    mov eax, [trap_flags]
    call print_flags
    newline
%endmacro
%macro user_flags_case 3    ; name, flags at CPL 3, flags in its frame
    say %1, ":"
    try
    to_user %2
    push dword %3
    push dword UCODE
    push dword landing
    iretd
    endtry
    report
    mov eax, [trap_flags]
    call print_flags
    newline
%endmacro
returns:
    flags_case "CPL 0 to 0 sets all", 2, 0x00247602, CODE
    flags_case "CPL 0 to 0 clears all", 0x00243602, 2, CODE
    flags_case "CPL 0 to 3 sets all", 2, 0x00243602, UCODE
    flags_case "CPL 0 to 3, RF and NT", 2, 0x00014002, UCODE
    user_flags_case "CPL 3, IOPL 0 changes neither IF nor IOPL", 0x2, 0x00243602
    user_flags_case "CPL 3, IOPL 0 cannot clear IF", 0x202, 0x2
    user_flags_case "CPL 3, IOPL 3 changes IF", 0x3002, 0x202
    say "o16 iret keeps the upper half:"
    try
    set_descriptor SPARE, 0x0000ffff, 0x00409a01
    push word 0x3202
    push word SPARE
    push word landing - BASE
    load_flags 0x240002
    o16 iret
    endtry
    report
    mov eax, [trap_flags]
    call print_flags
    newline
    ; Data segments on the way out
    say "iret to CPL 3 and ring 0 data, conforming code, ring 3 data, ring 1 data:"
    try
    mov ax, CONFORMING
    mov es, ax
    mov ax, UDATA
    mov fs, ax
    mov ax, DATA1
    mov gs, ax
    push dword UDATA
    push dword USER_STACK
    push dword 2
    push dword UCODE
    push dword landing
    iretd
    endtry
    report
    print_segments
    say "iret to CPL 1:"
    try
    mov ax, CONFORMING
    mov es, ax
    mov ax, UDATA
    mov fs, ax
    mov ax, DATA1
    mov gs, ax
    push dword DATA1
    push dword USER_STACK
    push dword 2
    push dword CODE1
    push dword landing
    iretd
    endtry
    report
    print_segments
    ret

%macro return_case 4        ; name, CS, SS, EIP
    case %1
    push dword %3
    push dword USER_STACK
    push dword 2
    push dword %2
    push dword %4
    origin
    iretd
    done
%endmacro
return_checks:
    return_case "null cs", 0, UDATA, landing
    return_case "null cs RPL 3", 3, UDATA, landing
    return_case "cs beyond GDT", 0x1003, UDATA, landing
    return_case "cs data", UDATA, UDATA, landing
    return_case "cs RPL 3, DPL 0", CODE | 3, UDATA, landing
    return_case "cs RPL 2, DPL 3", (UCODE & ~3) | 2, UDATA, landing
    return_case "cs conforming, RPL 3", CONFORMING | 3, UDATA, landing
    set_descriptor SPARE, 0x0000ffff, 0x00cf7a00
    return_case "cs not present", SPARE | 3, UDATA, landing
    set_descriptor SPARE, 0x0000ffff, 0x0040fa00
    return_case "eip beyond the limit, outer", SPARE | 3, UDATA, landing
    set_descriptor SPARE, 0x0000ffff, 0x00409a00
    return_case "eip beyond the limit, same", SPARE, UDATA, landing
    return_case "null ss", UCODE, 0, landing
    return_case "ss beyond GDT", UCODE, 0x1003, landing
    return_case "ss RPL 0", UCODE, UDATA & ~3, landing
    return_case "ss DPL 0", UCODE, DATA | 3, landing
    return_case "ss code", UCODE, UCODE, landing
    set_descriptor SPARE, 0x0000ffff, 0x00cf7200
    return_case "ss not present", UCODE, SPARE | 3, landing
    case "inward from CPL 3"
    to_user
    push dword 2
    push dword CODE
    push dword landing
    origin
    iretd
    done
    case "to a 16-bit stack: esp's upper half stays"
    set_descriptor SPARE, 0x0000ffff, 0x0000f200
    push dword SPARE | 3
    push dword 0x12348000
    push dword 2
    push dword UCODE
    push dword landing
    iretd
    done
    ; Last, as it may lead a machine astray.
    user_flags_case "CPL 3, VM in the frame is ignored", 0x3002, 0x00020202
    ret

    rom_end
