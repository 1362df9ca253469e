; Hardware task switches: by JMP, CALL, IRET, interrupt and exception; what is saved, back link, busy bits, NT, TS, the T
; bit; checks before and after the commit point. SDM vol. 3A chapter 7; table 7-1 for the checks, table 7-2 for the flags.
%include "runtime/protected.inc"
%include "runtime/gates.inc"

%define SPARE   (TEST + 0x20)
%define TASK16  (TEST + 0x28)
%define GATE    (TEST + 0x30)
%define STACK2  0x58000     ; of the task in TSS2
%define STACK2_0 0x59000    ; of its ring 0
%define STACK3  0x5a000

; The slots of a 32-bit TSS
struc tss
    .link resd 1
    .esp0 resd 1
    .ss0 resd 1
    .inner resd 4
    .cr3 resd 1
    .eip resd 1
    .eflags resd 1
    .eax resd 1
    .ecx resd 1
    .edx resd 1
    .ebx resd 1
    .esp resd 1
    .ebp resd 1
    .esi resd 1
    .edi resd 1
    .es resd 1
    .cs resd 1
    .ss resd 1
    .ds resd 1
    .fs resd 1
    .gs resd 1
    .ldt resd 1
    .trap resw 1
    .map resw 1
endstruc

; task TSS, EIP, EFLAGS, ESP, ESP0, CS, SS, DATA
%macro task 8
    mov edi, %1
    mov ecx, tss_size / 4
    xor eax, eax
    rep stosd
    mov dword [%1 + tss.esp0], %5
    mov dword [%1 + tss.ss0], DATA
    mov dword [%1 + tss.eip], %2
    mov dword [%1 + tss.eflags], %3
    mov dword [%1 + tss.eax], 0xa1a2a3a4
    mov dword [%1 + tss.esp], %4
    mov dword [%1 + tss.cs], %6
    mov dword [%1 + tss.ss], %7
    mov dword [%1 + tss.ds], %8
    mov dword [%1 + tss.es], %8
    mov word [%1 + tss.map], 0x3000
%endmacro

; Everything as it was: descriptors available, the runtime's task current, TSS2 and TSS3 with tasks that end a case.
fresh:
    pushad
    set_descriptor TSS_SEL, 0x30002fff, 0x00008904
    mov edi, TSS
    xor eax, eax
    mov ecx, tss_size / 4
    rep stosd
    mov dword [TSS + tss.esp0], RING0_STACK
    mov dword [TSS + tss.ss0], DATA
    mov word [TSS + tss.map], 0x3000
    mov ax, TSS_SEL
    ltr ax
    clts
    set_descriptor TSS2_SEL, 0x60000067, 0x00008904
    set_descriptor TSS3_SEL, 0x70000067, 0x00008904
    task TSS2, landing, 2, STACK2, STACK2_0, CODE, DATA, DATA
    task TSS3, landing, 2, STACK3, STACK3, CODE, DATA, DATA
    set_descriptor GATE, TSS2_SEL << 16, 0x0000e500
    popad
    ret

%macro user_task 0
    task TSS2, landing, 2, STACK2, STACK2_0, UCODE, UDATA, UDATA
%endmacro

; What is left of a switch, and back to the runtime's task.
tasks_report:
    report
    pushad
    str eax
    movzx eax, ax
    show "tr", 4, eax
    mov eax, cr0
    shr eax, 3
    and eax, 1
    show "ts", 2, eax
    movzx eax, byte [GDT + TSS_SEL + 5]
    show "types", 2, eax
    movzx eax, byte [GDT + TSS2_SEL + 5]
    say " "
    hex 2, eax
    mov eax, [TSS + tss.eip]
    test eax, eax
    jz .not_saved
    sub eax, [case_start]
    show "saved", 4, eax
    mov eax, [TSS + tss.eflags]
    call print_flags
    movzx eax, word [TSS + tss.cs]
    show "cs", 4, eax
.not_saved:
    movzx eax, word [TSS2 + tss.link]
    show "link", 4, eax
    mov eax, [trap_flags]
    and eax, ~0x10000       ; RF is the subject of other ROMs
    call print_flags
    mov eax, [trap_stack]
    show "stack", 8, eax
    newline
    call fresh
    popad
    ret

; switch "name" ... switched
%macro switch 1+
    call fresh
    say %1, ":"
    try
%endmacro
%macro switched 0
    endtry
    call tasks_report
%endmacro

main:
    set_descriptor SPARE, 0, 0
    call kinds
    call returns
    call checks
    call new_state
    call sixteen_bits
    call debug_trap
    ret

%macro show_registers 0
    mov eax, [trap_frame + 28]
    show "eax", 8, eax
    movzx eax, word [trap_frame + 24]
    show "ds", 4, eax
    movzx eax, word [trap_frame + 4]
    show "fs", 4, eax
    newline
%endmacro

kinds:
    switch "jmp to a TSS"
    jmp TSS2_SEL:0
    switched
    say "its registers:"
    show_registers
    switch "call to a TSS"
    call TSS2_SEL:0x12345678
    switched
    switch "jmp to a task gate"
    jmp GATE:0
    switched
    switch "call to a task gate"
    call GATE:0
    switched
    switch "int to a task gate"
    set_gate 0x32, TSS2_SEL, 0, 0xe500
    int 0x32
    switched
    switch "int3 to a task gate"
    set_gate 3, TSS2_SEL, 0, 0xe500
    int3
    switched
    switch "exception without error code to a task gate"
    set_gate 6, TSS2_SEL, 0, 0x8500
    ud2
    switched
    reset_gate 6
    reset_gate 3
    or byte [IDT + 3 * 8 + 5], 0x60
    switch "exception with error code to a task gate"
    set_gate 11, TSS2_SEL, 0, 0x8500
    set_descriptor SPARE, 0, 0x00001200
    mov ax, SPARE
    mov ds, ax
    switched
    mov eax, [STACK2 - 4]
    show "error code on its stack", 8, eax
    newline
    reset_gate 11
    switch "call from CPL 3"
    or byte [GDT + TSS2_SEL + 5], 0x60
    to_user 0x202
    origin
    call TSS2_SEL | 3:0
    switched
    switch "call from CPL 3 to a gate, the TSS has DPL 0"
    to_user
    origin
    call GATE | 3:0
    switched
    switch "jmp to a task at CPL 3"
    user_task
    jmp TSS2_SEL:0
    switched
    switch "jmp to a task with IF, IOPL and NT"
    mov dword [TSS2 + tss.eflags], 0x7202
    jmp TSS2_SEL:0
    switched
    switch "jmp to a task, reserved flags"
    mov dword [TSS2 + tss.eflags], 0xffc08028
    jmp TSS2_SEL:0
    switched
    switch "jmp from a task with NT"
    push dword 0x4002
    popfd
    jmp TSS2_SEL:0
    switched
    switch "call to a V86 task"
    mov dword [TSS2 + tss.eflags], 0x23002
    mov dword [TSS2 + tss.cs], BASE >> 4
    mov dword [TSS2 + tss.eip], landing - BASE
    mov dword [TSS2 + tss.ss], 0x5000
    mov dword [TSS2 + tss.ds], 0x1234
    mov dword [TSS2 + tss.fs], 0x5678
    call TSS2_SEL:0
    switched
    say "its registers:"
    show_registers
    switch "LDT of the new task"
    mov dword [LDT + 8], 0x0000ffff
    mov dword [LDT + 12], 0x00cf9200
    mov dword [TSS2 + tss.ldt], LDT_SEL
    mov dword [TSS2 + tss.fs], 0x0c
    jmp TSS2_SEL:0
    switched
    sldt eax
    say "its registers:"
    show "ldt", 4, eax
    show_registers
    xor eax, eax
    lldt ax
    ret

returns:
    switch "call, and IRET back"
    mov dword [TSS2 + tss.eip], .back
    call TSS2_SEL:0
    end_ring
.back:
    iretd
    switched
    show "its next start would be", 4, {dword [TSS2 + tss.eip]}
    newline
    switch "call twice: the second starts behind the IRET"
    mov dword [TSS2 + tss.eip], .back2
    call TSS2_SEL:0
    mov dword [TSS + tss.eip], 0
    call TSS2_SEL:0
    end_ring
.back2:
    iretd
    end_ring
    switched
    switch "nested twice, one IRET"
    mov dword [TSS2 + tss.eip], .nest
    mov dword [TSS3 + tss.eip], .leave
    call TSS2_SEL:0
.nest:
    call TSS3_SEL:0
    end_ring
.leave:
    iretd
    switched
    show "TSS3's link", 4, {dword [TSS3 + tss.link]}
    newline
%macro link_case 2
    switch %1
    mov word [TSS + tss.link], %2
    push dword 0x4002
    popfd
    origin
    iretd
    switched
%endmacro
    link_case "iret, null link", 0
    link_case "iret, link beyond GDT", 0x1000
    link_case "iret, link into the LDT", TSS2_SEL | 4
    link_case "iret, link to data", DATA
    link_case "iret, link to a TSS that is not busy", TSS2_SEL
    switch "iret, link to a busy TSS"
    or byte [GDT + TSS2_SEL + 5], 2
    mov word [TSS + tss.link], TSS2_SEL
    push dword 0x4002
    popfd
    origin
    iretd
    switched
    switch "iret, link to a TSS that is not present"
    mov byte [GDT + TSS2_SEL + 5], 0x0b
    mov word [TSS + tss.link], TSS2_SEL
    push dword 0x4002
    popfd
    origin
    iretd
    switched
    switch "iret at CPL 3"
    or byte [GDT + TSS2_SEL + 5], 2
    mov word [TSS + tss.link], TSS2_SEL
    to_user 0x4002
    origin
    iretd
    switched
    ret

checks:
    switch "jmp to a busy TSS"
    or byte [GDT + TSS2_SEL + 5], 2
    jmp TSS2_SEL:0
    switched
    switch "call to the own TSS"
    call TSS_SEL:0
    switched
    switch "call to a gate to a busy TSS"
    or byte [GDT + TSS2_SEL + 5], 2
    call GATE:0
    switched
    switch "int to a gate to a busy TSS"
    or byte [GDT + TSS2_SEL + 5], 2
    int 0x32
    switched
    switch "exception to a gate to a busy TSS"
    set_gate 6, TSS_SEL, 0, 0x8500
    ud2
    switched
    reset_gate 6
    switch "TSS of DPL 0 at CPL 3"
    to_user
    origin
    call TSS2_SEL:0
    switched
    switch "gate of DPL 0 at CPL 3"
    and byte [GDT + GATE + 5], ~0x60
    to_user
    origin
    call GATE:0
    switched
    switch "gate of DPL 2, RPL 3"
    mov byte [GDT + GATE + 5], 0xc5
    call GATE | 3:0
    switched
    switch "int to a gate of DPL 0 at CPL 3"
    set_gate 0x32, TSS2_SEL, 0, 0x8500
    to_user
    origin
    int 0x32
    switched
    switch "TSS not present"
    mov byte [GDT + TSS2_SEL + 5], 0x09
    call TSS2_SEL:0
    switched
    switch "gate not present"
    mov byte [GDT + GATE + 5], 0x65
    call GATE:0
    switched
    switch "gate to a TSS that is not present"
    mov byte [GDT + TSS2_SEL + 5], 0x09
    call GATE:0
    switched
    switch "int to a gate that is not present"
    set_gate 0x32, TSS2_SEL, 0, 0x6500
    int 0x32
    switched
    switch "int to a gate to a TSS that is not present"
    set_gate 0x32, TSS2_SEL, 0, 0xe500
    mov byte [GDT + TSS2_SEL + 5], 0x09
    int 0x32
    switched
    switch "gate to null"
    mov word [GDT + GATE + 2], 0
    call GATE:0
    switched
    switch "gate to data"
    mov word [GDT + GATE + 2], DATA
    call GATE:0
    switched
    switch "gate into the LDT"
    mov word [GDT + GATE + 2], TSS2_SEL | 4
    call GATE:0
    switched
    switch "gate beyond the GDT"
    mov word [GDT + GATE + 2], 0x1000
    call GATE:0
    switched
    switch "int to a gate beyond the GDT"
    set_gate 0x32, 0x1000, 0, 0xe500
    int 0x32
    switched
    switch "int to a gate to data"
    set_gate 0x32, DATA, 0, 0xe500
    int 0x32
    switched
    switch "exception to a gate to data"
    set_gate 6, DATA, 0, 0x8500
    ud2
    switched
    reset_gate 6
    switch "limit 66h"
    mov byte [GDT + TSS2_SEL], 0x66
    call TSS2_SEL:0
    switched
    switch "gate, limit 66h"
    mov byte [GDT + TSS2_SEL], 0x66
    call GATE:0
    switched
    switch "int to a gate, limit 66h"
    set_gate 0x32, TSS2_SEL, 0, 0xe500
    mov byte [GDT + TSS2_SEL], 0x66
    int 0x32
    switched
    switch "exception to a gate, limit 66h"
    set_gate 6, TSS2_SEL, 0, 0x8500
    mov byte [GDT + TSS2_SEL], 0x66
    ud2
    switched
    reset_gate 6
    ret

; The new task at CPL 3, so that its faults have the stack of its ring 0.
%macro state_case 3         ; name, slot, value
    switch %1
    user_task
    mov dword [TSS2 + %2], %3
    call TSS2_SEL:0
    switched
%endmacro
new_state:
    state_case "cs null", tss.cs, 3
    state_case "cs beyond GDT", tss.cs, 0x1003
    state_case "cs in no LDT", tss.cs, 0x0f
    state_case "cs data", tss.cs, UDATA
    state_case "cs RPL 3, DPL 0", tss.cs, CODE | 3
    set_descriptor SPARE, 0x0000ffff, 0x00cf9e00
    state_case "cs conforming, DPL 0", tss.cs, SPARE | 3
    set_descriptor SPARE, 0x0000ffff, 0x00cf7a00
    state_case "cs not present", tss.cs, SPARE | 3
    set_descriptor SPARE, 0x0000ffff, 0x0040fa00
    state_case "eip beyond the limit", tss.cs, SPARE | 3
    state_case "ss null", tss.ss, 3
    state_case "ss beyond GDT", tss.ss, 0x1003
    state_case "ss code", tss.ss, UCODE
    state_case "ss RPL 0", tss.ss, UDATA & ~3
    state_case "ss DPL 0", tss.ss, DATA | 3
    set_descriptor SPARE, 0x0000ffff, 0x00cff000
    state_case "ss read-only", tss.ss, SPARE | 3
    set_descriptor SPARE, 0x0000ffff, 0x00cf7200
    state_case "ss not present", tss.ss, SPARE | 3
    state_case "ds null", tss.ds, 0
    state_case "ds beyond GDT", tss.ds, 0x1003
    state_case "ds DPL 0", tss.ds, DATA
    state_case "ds a TSS", tss.ds, TSS_SEL | 3
    set_descriptor SPARE, 0x0000ffff, 0x00cff800
    state_case "es execute-only", tss.es, SPARE | 3
    set_descriptor SPARE, 0x0000ffff, 0x00cf7200
    state_case "fs not present", tss.fs, SPARE | 3
    set_descriptor SPARE, 0x0000ffff, 0x00cf9e00
    state_case "gs conforming, DPL 0", tss.gs, SPARE | 3
    state_case "LDT beyond GDT", tss.ldt, 0x1000
    state_case "LDT in the LDT", tss.ldt, LDT_SEL | 4
    state_case "LDT data", tss.ldt, DATA
    set_descriptor SPARE, 0x0000ffff, 0x00000200
    state_case "LDT not present", tss.ldt, SPARE
    switch "exception, ds of its task beyond GDT"
    user_task
    set_gate 6, TSS2_SEL, 0, 0x8500
    mov dword [TSS2 + tss.ds], 0x1003
    ud2
    switched
    switch "exception, eip of its task beyond the limit"
    user_task
    set_descriptor SPARE, 0x0000ffff, 0x0040fa00
    mov dword [TSS2 + tss.cs], SPARE | 3
    ud2
    switched
    reset_gate 6
    switch "#TS of a new task in a task"
    user_task
    set_gate 10, TSS3_SEL, 0, 0x8500
    mov dword [TSS2 + tss.ds], 0x1003
    jmp TSS2_SEL:0
    switched
    show "error code on its stack", 8, {dword [STACK3 - 4]}
    newline
    reset_gate 10
    ret

sixteen_bits:
    switch "call to a 16-bit TSS"
    call .prepare
    call TASK16:0
    switched
    movzx eax, word [trap_frame + 28]
    show "ax", 4, eax
    movzx eax, word [trap_frame + 24]
    show "ds", 4, eax
    newline
    switch "16-bit TSS, limit 2Ah"
    call .prepare
    mov byte [GDT + TASK16], 0x2a
    call TASK16:0
    switched
    switch "out of a 16-bit TSS: what it saves"
    call .prepare
    mov word [SCRATCH + 14], .short - BASE
    mov dword [SCRATCH + 0x2c], 0x55555555
    jmp TASK16:0
.short:
    bits 16
    mov eax, 0x87654321
    jmp TSS2_SEL:0
    bits 32
    switched
    movzx eax, word [SCRATCH + 14]
    sub ax, [case_start]
    show "ip", 4, eax
    show "ax", 4, {dword [SCRATCH + 18]}
    show "behind", 8, {dword [SCRATCH + 0x2c]}
    newline
    ret
.prepare:
    set_descriptor TASK16, 0x0000002b, 0x00008105
    set_descriptor SPARE, 0x0000ffff, 0x00009a01
    mov edi, SCRATCH
    mov ecx, 0x30 / 4
    xor eax, eax
    rep stosd
    mov word [SCRATCH + 2], RING0_STACK
    mov word [SCRATCH + 4], DATA
    mov word [SCRATCH + 14], landing - BASE
    mov word [SCRATCH + 16], 0x3202
    mov word [SCRATCH + 18], 0xa3a4
    mov word [SCRATCH + 26], RING1_STACK
    mov word [SCRATCH + 34], DATA
    mov word [SCRATCH + 36], SPARE
    mov word [SCRATCH + 38], DATA
    mov word [SCRATCH + 40], UDATA
    ret

debug_trap:
    switch "T bit"
    mov byte [TSS2 + tss.trap], 1
    jmp TSS2_SEL:0
    switched
    switch "T bit by IRET"
    mov byte [TSS + tss.trap], 1
    mov dword [TSS2 + tss.eip], returns.back
    call TSS2_SEL:0
    end_ring
    switched
    mov byte [TSS + tss.trap], 0
    switch "local breakpoints end"
    mov eax, 0x00000655
    mov dr7, eax
    jmp TSS2_SEL:0
    switched
    mov eax, dr7
    show "dr7", 8, eax
    newline
    mov eax, 0x400
    mov dr7, eax
    switch "TF of the new task"
    mov dword [TSS2 + tss.eflags], 0x102
    jmp TSS2_SEL:0
    switched
    ret

    rom_end
