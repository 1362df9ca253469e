; Virtual-8086 mode: entry and exit, IOPL, what is privileged or does not exist there, interrupts and exceptions, limits; and
; the I/O permission bitmap, there and in protected mode. SDM vol. 3B chapter 20; vol. 1 18.5.
%include "runtime/protected.inc"
%include "runtime/gates.inc"
%include "runtime/v86.inc"

%define CODE1 (TEST + 0x20 | 1)
%define CONFORMING (TEST + 0x28)
%define SPARE (TEST + 0x30)

main:
    set_descriptor CODE1, 0x0000ffff, 0x00cfba00
    set_descriptor CONFORMING, 0x0000ffff, 0x00cf9e00
    call entry
    call sensitive
    call privileged
    call addressing
    call interrupts
    mov word [TSS + 0x66], 0x68
    call ports
    ret

entry:
    case "entry: registers"
    origin_at .code
    to_v86 0x244ed5
.code:
    mov ax, cs
    mov bx, ds
    mov cx, es
    mov dx, ss
    mov si, fs
    mov di, gs
    mov bp, sp
    int3
    bits 32
    done
    mov eax, [trap_flags]
    and eax, 0x3f7fd7 & ~0x10000
    show "flags", 8, eax
    movzx eax, word [trap_frame + 28]
    show "cs", 4, eax
    movzx eax, word [trap_frame + 16]
    show "ds", 4, eax
    movzx eax, word [trap_frame + 24]
    show "es", 4, eax
    movzx eax, word [trap_frame + 20]
    show "ss", 4, eax
    movzx eax, word [trap_frame + 4]
    show "fs", 4, eax
    movzx eax, word [trap_frame]
    show "gs", 4, eax
    movzx eax, word [trap_frame + 8]
    show "sp", 4, eax
    newline
    say "the frame above it:"
    show "sp", 8, {dword [trap_sp]}
    show "ss", 4, {dword [trap_ss]}
    show "es", 4, {dword [trap_v86]}
    show "ds", 4, {dword [trap_v86 + 4]}
    show "fs", 4, {dword [trap_v86 + 8]}
    show "gs", 4, {dword [trap_v86 + 12]}
    newline
    case "iret to V86 mode, eip beyond FFFFh"
    push dword 0
    push dword 0
    push dword 0
    push dword 0
    push dword 0
    push dword USER_STACK
    push dword 0x20002
    push dword BASE >> 4
    push dword 0x10000
    origin
    iretd
    done
    case "16-bit iret does not enter it"
    set_descriptor SPARE, 0x0000ffff, 0x00409a01
    push word 2             ; the upper half of EFLAGS would be here
    push word 0x0002
    push word SPARE
    push word landing - BASE
    o16 iret
    done
    ret

sensitive:
    v86 "cli, IOPL 0", 0, cli
    v86 "sti, IOPL 0", 0, sti
    v86 "pushf, IOPL 0", 0, pushf
    v86 "popf, IOPL 0", 0, popf
    v86 "pushfd, IOPL 2", 0x2000, pushfd
    v86 "popfd, IOPL 2", 0x2000, popfd
    v86 "int 32h, IOPL 0", 0, {int 0x32}
    v86 "int 3 in two bytes, IOPL 0", 0, {db 0xcd, 3}
    v86 "int3, IOPL 0", 0, int3
    v86 "into, IOPL 0", 0x800, into
    v86 "iret, IOPL 0", 0, iret
    v86 "iretd, IOPL 0", 0, iretd
    v86 "lock, IOPL 0", 0, {lock inc word [REAL(scratch)]}
    v86 "cli, IOPL 3", IOPL3, cli
    v86 "sti, IOPL 3", IOPL3, sti
    show "flags", 8, {dword [trap_flags]}
    newline
    v86 "pushf, IOPL 3", IOPL3 | 0x200, pushf, {pop ax}
    movzx eax, word [trap_frame + 28]
    and eax, 0x7700
    show "ax", 4, eax
    newline
    v86 "pushfd, IOPL 3: VM and RF are not pushed", IOPL3 | 0x200, pushfd, {pop eax}
    mov eax, [trap_frame + 28]
    and eax, CONTROL_FLAGS
    show "eax", 8, eax
    newline
    v86 "popf, IOPL 3: IOPL stays", IOPL3, {push word 0x0202}, popf
    mov eax, [trap_flags]
    call print_flags
    newline
    v86 "popfd, IOPL 3: VM stays", IOPL3, {push dword 0x00040202}, popfd
    mov eax, [trap_flags]
    call print_flags
    newline
    v86 "int 32h, IOPL 3, gate of DPL 0", IOPL3, {int 0x32}
    v86 "int 30h, IOPL 3", IOPL3, {int 0x30}
    v86 "iret, IOPL 3: as in real mode", IOPL3, {push word 0x0202}, {push word 0x1000}, {push word .to - BASE}, iret, .to:
    mov eax, [trap_flags]
    call print_flags
    newline
    ret
scratch: dd 0

privileged:
    v86 "hlt", IOPL3, hlt
    v86 "mov from cr0", IOPL3, {mov eax, cr0}
    v86 "mov to cr3", IOPL3, {mov cr3, eax}
    v86 "mov from dr0", IOPL3, {mov eax, dr0}
    v86 "lgdt", IOPL3, {lgdt [REAL(scratch)]}
    v86 "lidt", IOPL3, {lidt [REAL(scratch)]}
    v86 "lmsw", IOPL3, {lmsw ax}
    v86 "clts", IOPL3, clts
    v86 "invlpg", IOPL3, {invlpg [0]}
    v86 "invd", IOPL3, invd
    v86 "wbinvd", IOPL3, wbinvd
    v86 "rdmsr", IOPL3, rdmsr
    v86 "wrmsr", IOPL3, wrmsr
    v86 "rsm", IOPL3, rsm
    v86 "sysexit", IOPL3, sysexit
    v86 "smsw", 0, {smsw ax}
    v86 "sgdt", 0, {sgdt [REAL(scratch)]}
    v86 "sldt", 0, {sldt ax}
    v86 "str", 0, {str ax}
    v86 "lldt", 0, {lldt ax}
    v86 "ltr", 0, {ltr ax}
    v86 "lar", 0, {lar ax, bx}
    v86 "lsl", 0, {lsl ax, bx}
    v86 "verr", 0, {verr ax}
    v86 "verw", 0, {verw ax}
    v86 "arpl", 0, {arpl ax, bx}
    v86 "ud2", 0, ud2
    v86 "#DE", 0, {xor cx, cx}, {div cx}
    v86 "bound", 0, {mov ax, 9}, {bound ax, [REAL(limits)]}
    v86 "rdtsc", 0, rdtsc
    v86 "cpuid", 0, cpuid
    ret
limits: dw 1, 2

addressing:
    v86 "byte at FFFFh", 0, {mov al, [0xffff]}
    v86 "word at FFFFh", 0, {mov ax, [0xffff]}
    v86 "byte at 10000h", 0, {mov ebx, 0x10000}, {mov al, [ebx]}
    v86 "push with sp 1", 0, {mov sp, 1}, {push ax}
    v86 "push with sp 0", 0, {mov sp, 0}, {push ax}
    v86 "pop with sp FFFFh", 0, {mov sp, 0xffff}, {pop ax}
    v86 "word through bp at FFFFh", 0, {mov bp, 0xffff}, {mov ax, [bp]}
    v86 "mov ds takes any selector", 0, {mov ax, 0x1001}, {mov ds, ax}, {mov eax, [0]}
    v86 "a write through cs", 0, {mov [cs:REAL(scratch)], ax}
    v86 "far jmp is as in real mode", 0, {jmp 0x1000:.far1 - BASE}, ud2, .far1:
    v86 "far call and return", 0, {call 0x1000:.far2 - BASE}, {jmp short .end2}, .far2:, retf, .end2:
    v86 "far jmp beyond the limit", 0, {jmp dword 0x1000:0x10000}
    v86 "near jmp beyond the limit", 0, {mov eax, 0x10000}, {jmp eax}
    ret

; Into ring 0: the segment registers there.
v86_target:
    mov ecx, ds
    mov edx, gs
    push dword DATA
    push dword DATA
    pop ds
    pop es
    show "ds", 4, ecx
    show "gs", 4, edx
    jmp target
interrupts:
    set_gate 0x32, CODE, v86_target, 0xee00
    expect_frame RING0_STACK, 0
    v86 "int through an interrupt gate", IOPL3 | 0x200, {int 0x32}
    set_gate 0x32, CODE, v86_target, 0xef00
    expect_frame RING0_STACK, 0
    v86 "int through a trap gate", IOPL3 | 0x200, {int 0x32}
    set_gate 6, CODE, v86_target, 0x8e00
    expect_frame RING0_STACK, 0
    v86 "#UD", 0x200, ud2
    reset_gate 6
    set_gate 13, CODE, v86_target, 0x8e00
    mov byte [frame_error], 1
    expect_frame RING0_STACK, 0
    v86 "#GP", 0x200, hlt
    mov byte [frame_error], 0
    reset_gate 13
    set_gate 0x32, CODE1, landing, 0xee00
    v86 "int to ring 1", IOPL3, {int 0x32}
    set_gate 0x32, UCODE, landing, 0xee00
    v86 "int to ring 3", IOPL3, {int 0x32}
    set_gate 0x32, CONFORMING, landing, 0xee00
    v86 "int to conforming code", IOPL3, {int 0x32}
    set_gate 0x32, 0x1000, landing, 0xee00
    v86 "int beyond the GDT", IOPL3, {int 0x32}
    set_gate 0x32, CODE, landing, 0x6e00
    v86 "int, gate not present", IOPL3, {int 0x32}
    set_gate 0x32, CODE, landing, 0xce00
    v86 "int, gate of DPL 2", IOPL3, {int 0x32}
    set_gate 3, CODE, landing, 0x8e00
    case "int3, gate of DPL 0"
    origin_at .int3
    to_v86
.int3:
    int3
    bits 32
    done
    reset_gate 3
    or byte [IDT + 3 * 8 + 5], 0x60
    ret

; The bitmap: port 81h is closed, 80h and 82h are open.
%macro user 2-*
    case %1
    to_user
    origin
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    end_ring
    done
%endmacro
%macro tss_limit 1
    mov word [GDT + TSS_SEL], %1
    and byte [GDT + TSS_SEL + 5], ~2
    mov ax, TSS_SEL
    ltr ax
%endmacro
ports:
    mov byte [TSS + 0x68 + 0x10], 0x02
    v86 "V86, IOPL 3, port 80h", IOPL3, {in al, 0x80}
    v86 "V86, IOPL 3, port 81h", IOPL3, {in al, 0x81}
    v86 "V86, IOPL 0, port 80h", 0, {in al, 0x80}
    v86 "V86, port 81h", 0, {in al, 0x81}
    v86 "V86, word 80h", 0, {in ax, 0x80}
    v86 "V86, word 82h", 0, {in ax, 0x82}
    v86 "V86, dword 7Eh", 0, {in eax, 0x7e}
    v86 "V86, dword 7Dh", 0, {in eax, 0x7d}
    v86 "V86, out 81h", 0, {mov dx, 0x81}, {out dx, al}
    v86 "V86, outsb 81h", 0, {mov dx, 0x81}, outsb
    v86 "V86, rep insb 81h, cx 0", 0, {mov dx, 0x81}, {xor cx, cx}, rep insb
    user "CPL 3, port 80h", {in al, 0x80}
    user "CPL 3, port 81h", {in al, 0x81}
    user "CPL 3, word 80h", {in ax, 0x80}
    user "CPL 3, dword 82h", {in eax, 0x82}
    user "CPL 3, insb 81h", {mov dx, 0x81}, {mov edi, SCRATCH}, insb
    case "CPL 3, IOPL 3, port 81h"
    to_user IOPL3 | 2
    in al, 0x81
    end_ring
    done
    case "CPL 3, IOPL 2, port 81h"
    to_user 0x2002
    origin
    in al, 0x81
    end_ring
    done
    user "CPL 3, port FFFFh", {mov dx, 0xffff}, {in al, dx}
    tss_limit 0x68 + 0x1fff
    user "no byte behind the map, port FFFFh", {mov dx, 0xffff}, {in al, dx}
    user "no byte behind the map, port FFF7h", {mov dx, 0xfff7}, {in al, dx}
    tss_limit 0x68 + 0x10
    user "limit at the map's byte 10h, port 7Fh", {in al, 0x7f}
    user "limit at the map's byte 10h, port 80h", {in al, 0x80}
    tss_limit 0x68 + 0x11
    user "limit at the map's byte 11h, port 80h", {in al, 0x80}
    user "limit at the map's byte 11h, port 88h", {in al, 0x88}
    tss_limit 0x67
    user "limit 67h", {in al, 0x10}
    mov word [TSS + 0x66], 0x60
    user "limit 67h, the map within it", {in al, 0x10}
    tss_limit 0x2fff
    mov word [TSS + 0x66], 0xffff
    user "a map far beyond the limit", {in al, 0x10}
    mov dword [SCRATCH + 2], RING0_STACK | DATA << 16
    set_descriptor SPARE, 0x00000fff, 0x00008105
    mov ax, SPARE
    ltr ax
    user "16-bit TSS", {in al, 0x10}
    ret

    rom_end
