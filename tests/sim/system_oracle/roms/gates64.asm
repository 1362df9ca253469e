; Long mode: interrupt gates, interrupt stacks, call gates, far transfers, IRET, system descriptors, canonical addresses,
; and what 64-bit mode does not have. SDM vol. 3A 3.4, 5.8.3.1, 6.14, 7.7; vol. 2 of each instruction.
%include "runtime/long.inc"

%define SPARE  (TEST + 0x40)
%define LD     (TEST + 0x48)        ; L and D set: reserved
%define NONCANONICAL 0x0000800000000000
%define CONTROL_FLAGS 0x00277700

; A target in ring 0: CS, SS, flags, the frame up to [frame_top]; its return address counts from the case.
target:
    pushfq
    pop qword [entry_flags]
    mov rbx, rsp
    mov ecx, cs
    show "cs", 4, rcx
    mov ecx, ss
    show "ss", 4, rcx
    mov rax, [entry_flags]
    and eax, CONTROL_FLAGS
    show "flags", 8, rax
    show "rsp", 8, rbx
    say " frame"
    mov rcx, [frame_top]
    sub rcx, rbx
    shr ecx, 3
    cmp byte [frame_error], 0
    je .return
    say " "
    hex 8, qword [rbx]
    add rbx, 8
    dec ecx
.return:
    mov rax, [case_start]
    sub [rbx], rax
.next:
    say " "
    hex 8, qword [rbx]
    add rbx, 8
    loop .next
    jmp end_in_ring0
align 8
entry_flags: dq 0
frame_top: dq 0
frame_error: db 0

main:
    set_descriptor LD, 0x0000ffff, 0x00ef9a00
    call exceptions
    call user_modes
    call returns
    call canonical_addresses
    call call_gates
    call far_transfers
    call system_descriptors
    call interrupts
    ret

; Exceptions at CPL 3, onto RSP0 and onto an interrupt stack.
%macro exception_case 4-*   ; name, vector, rights and IST, top of the stack, code
    case %1
    set_gate %2, CODE64, target, %3
    mov qword [frame_top], %4
    mov byte [frame_error], %2 >= 10 && %2 <= 14
    to_user 0x202
    mov esp, USER_STACK - 4
    origin
    %rep %0 - 4
    %5
    %rotate 1
    %endrep
    %rotate 4
    done
    reset_gate %2
%endmacro
exceptions:
    exception_case "#UD", 6, 0x8e00, RING0_STACK, ud2
    exception_case "#UD, trap gate", 6, 0x8f00, RING0_STACK, ud2
    exception_case "#UD, IST 1", 6, 0x8e01, IST_STACK, ud2
    exception_case "#GP", 13, 0x8e00, RING0_STACK, hlt
    exception_case "#GP, IST 1", 13, 0x8e01, IST_STACK, hlt
    mov qword [TSS + 0x24], IST_STACK - 8
    exception_case "#UD, IST 1 misaligned", 6, 0x8e01, IST_STACK - 8, ud2
    mov qword [TSS + 4], RING0_STACK - 4
    exception_case "#UD, RSP0 misaligned", 6, 0x8e00, RING0_STACK - 4, ud2
    mov qword [TSS + 4], RING0_STACK
    mov qword [TSS + 0x24], IST_STACK
    exception_case "#DE", 0, 0x8e00, RING0_STACK, {xor ecx, ecx}, {div ecx}
    case "#UD in compatibility mode"
    set_gate 6, CODE64, target, 0x8e00
    mov qword [frame_top], RING0_STACK
    mov byte [frame_error], 0
    to_compatibility 0x202
    ud2
    bits 64
    done
    reset_gate 6
    case "#UD in ring 0, misaligned stack"
    set_gate 6, CODE64, target, 0x8e00
    mov esp, KERNEL_STACK - 0x104
    mov qword [frame_top], KERNEL_STACK - 0x110
    ud2
    done
    case "#UD in ring 0, IST 1: SS stays"
    set_gate 6, CODE64, target, 0x8e01
    mov qword [frame_top], IST_STACK
    mov esp, KERNEL_STACK - 0x104
    ud2
    done
    reset_gate 6
    ret

; Instructions that 64-bit mode does not have, or has otherwise.
%macro user_code 2+
    user_lines %1, 0x002, {}, {db %2}
%endmacro
user_modes:
    user_code "push es", 0x06
    user_code "pop es", 0x07
    user_code "push cs", 0x0e
    user_code "push ss", 0x16
    user_code "pop ss", 0x17
    user_code "push ds", 0x1e
    user_code "pop ds", 0x1f
    user_code "daa", 0x27
    user_code "das", 0x2f
    user_code "aaa", 0x37
    user_code "aas", 0x3f
    user_code "pusha", 0x60
    user_code "popa", 0x61
    user_code "group 1 at 82h", 0x82, 0xc0, 0x00
    user_code "call far immediate", 0x9a, 0, 0, 0, 0, 0x08, 0
    user_code "jmp far immediate", 0xea, 0, 0, 0, 0, 0x08, 0
    user_code "into", 0xce
    user_code "aam", 0xd4, 0x0a
    user_code "aad", 0xd5, 0x0a
    user_code "salc", 0xd6
    user_code "sysret", 0x0f, 0x07
    user_code "sysexit", 0x0f, 0x35
    user_code "swapgs", 0x0f, 0x01, 0xf8
    user_code "rdfsbase, FSGSBASE clear", 0xf3, 0x48, 0x0f, 0xae, 0xc0
    user_code "wrgsbase, FSGSBASE clear", 0xf3, 0x48, 0x0f, 0xae, 0xd8
    user_code "invlpg", 0x0f, 0x01, 0x38
    user_code "mov cr8", 0x44, 0x0f, 0x20, 0xc0
    user_code "mov cr1", 0x0f, 0x20, 0xc8
    user_code "mov dr0", 0x0f, 0x21, 0xc0
    user_code "cli", 0xfa
    user_code "in", 0xe4, 0x80
    user_code "iretq to ring 0 by hand", 0x6a, 0x10, 0x54, 0x9c, 0x6a, 0x58, 0x6a, 0, 0x48, 0xcf
    case "null ss at CPL 3"
    to_user
    xor eax, eax
    origin
    mov ss, eax
    end_ring
    done
    case "null ss with RPL 3 at CPL 3"
    to_user
    mov eax, 3
    origin
    mov ss, eax
    end_ring
    done
    case "null ds at CPL 3 addresses memory"
    to_user
    xor eax, eax
    mov ds, eax
    mov rax, [case_start]
    end_ring
    done
    case "a short ds does not matter"
    set_descriptor SPARE, 0x50000000, 0x0000f200
    to_user
    mov eax, SPARE | 3
    mov ds, eax
    mov eax, [case_start]
    end_ring
    done
    case "in compatibility mode it does"
    to_compatibility
    mov eax, SPARE | 3
    mov ds, eax
    mov eax, [0x10]
    int3
    bits 64
    done
    case "32-bit code has no REX: 48h is DEC EAX"
    to_compatibility
    mov eax, 5
    db 0x48
    nop
    int3
    bits 64
    done
    mov rax, [trap_rax]
    show "eax", 8, rax
    newline
    case "compatibility mode runs into 64-bit code by a far jump"
    to_compatibility
    jmp UCODE64:.wide
    bits 64
.wide:
    mov rax, 0x123456789abcdef0
    end_ring
    done
    mov rax, [trap_rax]
    show "rax", 16, rax
    newline
    ret

; IRETQ from ring 0: CS, SS, RIP
%macro return_case 4
    case %1
    push %3
    push USER_STACK
    push 2
    push %2
    mov rax, %4
    push rax
    origin
    iretq
    done
%endmacro
returns:
    return_case "iretq to 64-bit code", UCODE64, UDATA64, landing
    return_case "iretq to 32-bit code", UCODE, UDATA, landing
    return_case "iretq, null cs", 0, UDATA64, landing
    return_case "iretq, cs beyond GDT", 0x1003, UDATA64, landing
    return_case "iretq, cs data", UDATA64, UDATA64, landing
    return_case "iretq, cs RPL 3 of DPL 0", CODE64 | 3, UDATA64, landing
    return_case "iretq, null ss to CPL 3", UCODE64, 0, landing
    return_case "iretq, null ss RPL 3 to CPL 3", UCODE64, 3, landing
    return_case "iretq, ss of ring 0", UCODE64, DATA | 3, landing
    return_case "iretq, ss RPL 0", UCODE64, UDATA64 & ~3, landing
    return_case "iretq, ss code", UCODE64, UCODE64, landing
    set_descriptor SPARE, 0x0000ffff, 0x00cf7200
    return_case "iretq, ss not present", UCODE64, SPARE | 3, landing
    return_case "iretq, rip not canonical, to CPL 3", UCODE64, UDATA64, NONCANONICAL
    return_case "iretq, rip not canonical, to CPL 0", CODE64, DATA, NONCANONICAL
    set_descriptor SPARE, 0x0000ffff, 0x0040fa00
    return_case "iretq, eip beyond a compatibility segment", SPARE | 3, UDATA, landing
    case "iretq with NT"
    push DATA
    push USER_STACK
    push 2
    push CODE64
    push landing
    push 0x4002
    popfq
    origin
    iretq
    done
    case "iretq to ring 0 with a null ss"
    push 0
    push KERNEL_STACK - 0x200
    push 2
    push CODE64
    push .null_ss
    iretq
.null_ss:
    mov ecx, ss
    show "ss", 4, rcx
    show "rsp", 8, rsp
    done
    case "iretd in 64-bit mode pops ss:esp of 4 bytes"
    sub rsp, 20
    mov dword [rsp], .dword
    mov dword [rsp + 4], CODE64
    mov dword [rsp + 8], 2
    mov dword [rsp + 12], KERNEL_STACK - 0x200
    mov dword [rsp + 16], DATA
    iretd
.dword:
    show "rsp", 8, rsp
    done
    return_case "iretq, cs with L and D", LD, DATA, landing
    ret

; Addresses at CPL 3 that are not canonical. RBX: the lowest of them.
%macro address_case 2-*
    case %1
    mov rbx, NONCANONICAL
    to_user
    origin
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    end_ring
    done
%endmacro
canonical_addresses:
    address_case "read", {mov eax, [rbx]}
    address_case "write", {mov [rbx], eax}
    address_case "read through rbp", {mov rbp, rbx}, {mov eax, [rbp]}
    address_case "read through rsp", {mov rsp, rbx}, {mov eax, [rsp]}
    address_case "read through r12", {mov r12, rbx}, {mov eax, [r12]}
    address_case "read through r13", {mov r13, rbx}, {mov eax, [r13]}
    address_case "read through rbp, ds prefix", {mov rbp, rbx}, {db 0x3e}, {mov eax, [rbp]}
    address_case "read through rax, ss prefix", {mov rax, rbx}, {db 0x36}, {mov eax, [rax]}
    address_case "read through fs", {mov rax, rbx}, {mov eax, [fs:rax]}
    address_case "clflush", {clflush [rbx]}
    address_case "push", {lea rsp, [rbx + 0x100]}, {push rax}
    address_case "push at the end of the lower half", {lea rsp, [rbx - 0x10]}, {push rax}
    address_case "pop", {lea rsp, [rbx + 0x100]}, {pop rax}
    address_case "call near, stack", {lea rsp, [rbx + 0x100]}, {call landing}
    address_case "ret near, stack", {lea rsp, [rbx + 0x100]}, ret
    address_case "enter", {lea rsp, [rbx + 0x100]}, {enter 8, 0}
    address_case "leave", {lea rbp, [rbx + 0x100]}, leave
    address_case "jmp", {jmp rbx}
    address_case "call", {call rbx}
    address_case "ret", {push rbx}, ret
    address_case "lodsb", {mov rsi, rbx}, lodsb
    address_case "stosb", {mov rdi, rbx}, stosb
    address_case "invlpg in user code", {invlpg [rbx]}
    address_case "prefetcht0", {prefetcht0 [rbx]}
    address_case "lea", {lea rax, [rbx]}
    address_case "nop", {nop dword [rbx]}
    address_case "the highest address of the lower half", {mov al, [rbx - 1]}
    address_case "a dword across it", {mov eax, [rbx - 2]}
    address_case "67h cuts the address", {mov rbx, 0xffff000000000000 + SCRATCH}, {mov eax, [ebx]}
    ret

%macro gate_case 4-5 0      ; name, selector, rights, offset, upper half's type
    case %1
    mov rax, %4
    mov [GDT + TEST], ax
    mov word [GDT + TEST + 2], %2
    mov word [GDT + TEST + 4], %3
    shr rax, 16
    mov [GDT + TEST + 6], ax
    shr rax, 16
    mov [GDT + TEST + 8], eax
    mov dword [GDT + TEST + 12], %5
    mov qword [frame_top], RING0_STACK
    to_user 0x202
    mov esp, USER_STACK
    origin
    call far dword [.pointer]
    end_ring
    done
%endmacro
call_gates:
    mov byte [frame_error], 0
    gate_case "call gate to ring 0", CODE64, 0xec00, target
    gate_case "call gate, a parameter count does not matter", CODE64, 0xec05, target
    gate_case "call gate to ring 3", UCODE64, 0xec00, landing
    gate_case "call gate of DPL 0", CODE64, 0x8c00, target
    gate_case "call gate not present", CODE64, 0x6c00, target
    gate_case "call gate to 32-bit code", CODE, 0xec00, target
    gate_case "call gate to code with L and D", LD, 0xec00, target
    gate_case "call gate to data", DATA, 0xec00, target
    gate_case "call gate to null", 0, 0xec00, target
    gate_case "call gate beyond GDT", 0x1000, 0xec00, target
    gate_case "call gate, offset not canonical", CODE64, 0xec00, NONCANONICAL
    gate_case "16-bit call gate", CODE64, 0xe400, target
    gate_case "task gate", TSS_SEL, 0xe500, target
    gate_case "a type in the upper half", CODE64, 0xec00, target, 0x0c00
    mov qword [TSS + 4], RING0_STACK - 4
    gate_case "call gate does not align its stack", CODE64, 0xec00, target
    mov qword [TSS + 4], RING0_STACK
    case "call gate from compatibility mode"
    mov eax, target
    mov [GDT + TEST], ax
    mov word [GDT + TEST + 2], CODE64
    mov word [GDT + TEST + 4], 0xec00
    shr eax, 16
    mov [GDT + TEST + 6], ax
    mov qword [GDT + TEST + 8], 0
    mov qword [frame_top], RING0_STACK
    to_compatibility 0x202
    mov esp, USER_STACK
    call TEST | 3:0
    bits 64
    done
    case "jmp to a call gate to ring 0"
    to_user
    origin
    jmp far dword [.pointer]
    end_ring
    done
    case "a gate in the last slot of the GDT"
    mov word [gdt_pointer], TEST + 7
    lgdt [gdt_pointer]
    to_user
    origin
    call far dword [.pointer]
    end_ring
    done
    mov word [gdt_pointer], 0xfff
    lgdt [gdt_pointer]
    ret
.pointer:
    dd 0
    dw TEST | 3

far_transfers:
    case "far jmp m16:64"
    mov qword [.wide], .there
    mov word [.wide + 8], CODE64
    jmp far qword [.wide]
.there:
    done
    case "far jmp m16:32 to compatibility mode and back"
    jmp far dword [.narrow]
    bits 32
.compatible:
    jmp CODE64:.back
    bits 64
.back:
    done
    case "far call m16:32 pushes 4 bytes"
    mov rbx, rsp
    call far dword [.narrow2]
.there2:
    sub rbx, rsp
    show "pushed", 2, rbx
    done
    case "far call m16:64 pushes 8 bytes"
    mov rbx, rsp
    mov qword [.wide], .there3
    call far qword [.wide]
.there3:
    sub rbx, rsp
    show "pushed", 2, rbx
    done
    case "retfq"
    push CODE64
    push .there4
    o64 retf
.there4:
    done
    case "retfq to ring 3"
    push UDATA64
    push USER_STACK
    push UCODE64
    push landing
    o64 retf
    done
    case "retfq to ring 3, null ss"
    push 0
    push USER_STACK
    push UCODE64
    push landing
    origin
    o64 retf
    done
    case "far jmp, L and D"
    mov word [.narrow3 + 4], LD
    origin
    jmp far dword [.narrow3]
    done
    case "far jmp to a TSS"
    mov word [.narrow3 + 4], TSS_SEL
    origin
    jmp far dword [.narrow3]
    done
    ret
.narrow:
    dd .compatible
    dw CODE
.narrow2:
    dd .there2
    dw CODE64
.narrow3:
    dd landing
    dw 0
align 8
.wide: dq 0, 0

system_descriptors:
    ; LAR and LSL of every system type
    mov dword [.type], 0
.next:
    mov eax, [.type]
    shl eax, 8
    or eax, 0x00108000
    mov dword [GDT + TEST], 0x1000ffff
    mov [GDT + TEST + 4], eax
    mov qword [GDT + TEST + 8], 0
    say "system type "
    hex 2, qword [.type]
    mov eax, TEST
    mov ebx, -1
    lar ebx, eax
    show "lar", 8, rbx
    mov ebx, -1
    lsl ebx, eax
    show "lsl", 8, rbx
    say " lldt"
    try
    mov eax, TEST
    lldt ax
    endtry
    call plain_outcome
    xor eax, eax
    lldt ax
    say " ltr"
    try
    mov eax, TEST
    ltr ax
    endtry
    call plain_outcome
    and byte [GDT + TSS_SEL + 5], ~2
    mov eax, TSS_SEL
    ltr ax
    newline
    inc dword [.type]
    cmp dword [.type], 16
    jne near .next
    case "lldt, a type in the upper half"
    set_descriptor TEST, 0x00000067, 0x00008200
    set_descriptor TEST + 8, 0, 0x00000200
    mov eax, TEST
    lldt ax
    done
    case "ltr, upper half beyond the limit"
    set_descriptor TEST, 0x00000067, 0x00008900
    set_descriptor TEST + 8, 0, 0
    mov word [gdt_pointer], TEST + 14
    lgdt [gdt_pointer]
    mov eax, TEST
    ltr ax
    done
    mov word [gdt_pointer], 0xfff
    lgdt [gdt_pointer]
    case "null ss in ring 0"
    xor eax, eax
    mov ss, eax
    mov ecx, ss
    mov edx, DATA
    mov ss, edx
    show "ss", 4, rcx
    done
    ret
align 8
.type: dq 0
table:
    dw 0xfff
    dq NONCANONICAL

; Software interrupts through gates of all types.
%macro interrupt_case 4-5 0x202     ; name, selector, rights and IST, offset, flags
    case %1
    set_gate 0x32, %2, %4, %3
    mov qword [frame_top], RING0_STACK
    to_user %5
    mov esp, USER_STACK
    origin
    int 0x32
    done
%endmacro
interrupts:
    interrupt_case "interrupt gate", CODE64, 0xee00, target, 0x40202
    interrupt_case "trap gate", CODE64, 0xef00, target, 0x40202
    interrupt_case "gate of DPL 0", CODE64, 0x8e00, target
    interrupt_case "gate not present", CODE64, 0x6e00, target
    interrupt_case "16-bit gate", CODE64, 0xe600, target
    interrupt_case "task gate in the IDT", CODE64, 0xe500, target
    interrupt_case "call gate in the IDT", CODE64, 0xec00, target
    interrupt_case "target null", 0, 0xee00, target
    interrupt_case "target beyond GDT", 0x1000, 0xee00, target
    interrupt_case "target data", DATA, 0xee00, target
    set_descriptor SPARE, 0x0000ffff, 0x00af1a00
    interrupt_case "target not present", SPARE, 0xee00, target
    interrupt_case "offset not canonical", CODE64, 0xee00, NONCANONICAL
    interrupt_case "target at CPL 3", UCODE64, 0xee00, landing
    case "vector beyond the IDT"
    mov word [idt_pointer], 0x32 * 16 + 14
    lidt [idt_pointer]
    origin
    int 0x32
    done
    mov word [idt_pointer], 0xfff
    lidt [idt_pointer]
    ; stacks that are not canonical; #SS itself comes onto IST 1
    set_gate 12, CODE64, stub_12, 0x8e01
    set_gate 0x32, CODE64, landing, 0xee00
    mov rax, NONCANONICAL + 0x1000
    mov [TSS + 4], rax
    case "RSP0 not canonical"
    to_user
    origin
    int 0x32
    done
    case "#UD, RSP0 not canonical"
    to_user
    origin
    ud2
    done
    mov qword [TSS + 4], RING0_STACK
    case "rsp not canonical in ring 0"
    mov rsp, rax
    origin
    int 0x32
    done
    case "IST 2 not canonical"
    mov [TSS + 0x2c], rax
    set_gate 0x32, CODE64, landing, 0xee02
    origin
    int 0x32
    done
    reset_gate 12
    ; last, as a machine may not come back
    case "lgdt, base not canonical"
    lgdt [table]
    done
    case "lidt, base not canonical"
    lidt [table]
    done
    ret

    rom_end
