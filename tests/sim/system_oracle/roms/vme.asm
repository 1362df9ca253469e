; Virtual-8086 mode extensions and protected-mode virtual interrupts: CLI, STI, PUSHF, POPF and IRET on VIF, redirected INT n,
; VIP. SDM vol. 3B 20.3.2, 20.3.3, 20.4.
%include "runtime/protected.inc"
%include "runtime/gates.inc"
%include "runtime/v86.inc"

%define IF 0x200
%define NT 0x4000
%define VIF (1 << 19)
%define VIP (1 << 20)
%define REDIRECTION (TSS + 0x68)    ; the I/O permission bitmap follows

; The control flags at the end of the last case.
%macro flags_then 0
    mov eax, [trap_flags]
    and eax, CONTROL_FLAGS | VIF | VIP
    show "flags", 8, eax
    newline
%endmacro
; ... and AX.
%macro ax_then 0
    movzx eax, word [trap_frame + 28]
    show "ax", 4, eax
    newline
%endmacro

main:
    mov eax, 1
    cpuid
    test edx, 2
    jnz .there
    say "no VME", 10
    ret
.there:
    mov eax, cr4
    or eax, 1
    mov cr4, eax
    mov word [TSS + 0x66], 0x68 + 32
    mov word [0x40 * 4], REAL(program)
    mov word [0x40 * 4 + 2], BASE >> 4
    call flags
    call pending
    call software
    call protected
    ret

flags:
    v86 "cli", IF | VIF, cli
    flags_then
    v86 "sti", IF, sti
    flags_then
    v86 "pushf, VIF", VIF, pushf, {pop ax}
    ax_then
    v86 "pushf, IF and NT", IF | NT, pushf, {pop ax}
    ax_then
    v86 "popf, IF", 0, {push word 0x0202}, popf
    flags_then
    v86 "popf, without IF, with NT and IOPL 3", IF | VIF, {push word NT | 0x3002}, popf
    flags_then
    v86 "popf, TF", 0, {push word 0x0102}, popf
    v86 "pushfd", 0, pushfd
    v86 "popfd", 0, {push dword 2}, popfd
    v86 "iret, IF", 0, {push word 0x0202}, {push word BASE >> 4}, {push word REAL(.if)}, iret, ud2, .if:
    flags_then
    v86 "iret, TF", 0, {push word 0x0102}, {push word BASE >> 4}, {push word 0}, iret
    v86 "iretd", 0, {push dword 2}, {push dword BASE >> 4}, {push dword 0}, iretd
    v86 "cli, IOPL 3", IOPL3 | IF | VIF, cli
    flags_then
    v86 "pushf, IOPL 3", IOPL3 | VIF, pushf, {pop ax}
    ax_then
    v86 "popf, IOPL 3", IOPL3 | VIF, {push word 0x3202}, popf
    flags_then
    ret

pending:
    v86 "cli, VIP", VIP, cli
    flags_then
    v86 "sti, VIP", VIP, sti
    flags_then
    v86 "popf, IF, VIP", VIP, {push word 0x0202}, popf
    v86 "popf, without IF, VIP", VIP, {push word 0x0002}, popf
    flags_then
    v86 "iret, IF, VIP", VIP, {push word 0x0202}, {push word BASE >> 4}, {push word 0}, iret
    v86 "VIF and VIP at the start of an instruction", VIF | VIP, nop
    flags_then
    ret

; The 8086 program's handler of interrupt 40h: what it finds on the stack, and its own flags.
bits 16
program:
    pop ax              ; IP
    pop bx              ; CS
    pop cx              ; FLAGS
    int3
bits 32
; to_program "name", FLAGS: counted from the handler
%macro to_program 2
    case %1
    origin_at program
    to_v86 %2
  %%at:
    int 0x40
    bits 32
    done
    movzx eax, word [trap_frame + 28]
    sub eax, REAL(%%at)
    show "ip", 4, eax
    movzx eax, word [trap_frame + 16]
    show "cs", 4, eax
    movzx eax, word [trap_frame + 24]
    show "flags", 4, eax
    movzx eax, word [trap_sp]
    show "sp", 4, eax
    say ";"
    flags_then
%endmacro
software:
    to_program "int 40h to the program", IF | VIF | NT
    to_program "int 40h to the program, VIF clear", IF
    to_program "int 40h to the program, IOPL 3", IOPL3 | IF | VIF
    mov byte [REDIRECTION + 0x40 / 8], 1
    v86 "int 40h to the monitor", 0, {int 0x40}
    mov byte [REDIRECTION + 0x30 / 8], 1
    v86 "int 30h to the monitor, IOPL 3", IOPL3, {int 0x30}
    v86 "int3 is not redirected", 0, int3
    v86 "into is not redirected", 0x800, into
    v86 "ud2 is not redirected", 0, ud2
    mov word [TSS + 0x66], 0x1f
    v86 "no room below the I/O permission bitmap", 0, {int 0x40}
    mov word [TSS + 0x66], 0xffff
    v86 "a bitmap beyond the limit", IOPL3, {int 0x40}
    ret

%macro user 3-*
    case %1
    origin_at %%code
    to_user %2
  %%code:
    %rep %0 - 2
    %3
    %rotate 1
    %endrep
    end_ring
    done
%endmacro
protected:
    user "CPL 3, cli with VME", IF, cli
    mov eax, cr4
    xor eax, 3
    mov cr4, eax
    user "CPL 3, cli", IF | VIF, cli
    flags_then
    user "CPL 3, sti", IF, sti
    flags_then
    user "CPL 3, sti, VIP", VIP, sti
    user "CPL 3, VIF and VIP", VIF | VIP, nop
    user "CPL 3, popfd does not change IF", 0, {push dword VIF | IF}, popfd
    flags_then
    user "CPL 3, sti, IOPL 3", IOPL3, sti
    flags_then
    v86 "cli in V86 mode with PVI", VIF, cli
    v86 "VIF and VIP in V86 mode with PVI", VIF | VIP, nop
    ret

    rom_end
