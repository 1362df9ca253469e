; INT n / IRET pairs through a 32-bit interrupt gate at the same privilege level. One unit is 100000 pairs.
%include "bench.inc"
bench_start
IDT equ 0x2000

main:
    mov eax, AT(handler)
    mov word [IDT + 0x40 * 8], ax
    mov word [IDT + 0x40 * 8 + 2], 0x08
    mov word [IDT + 0x40 * 8 + 4], 0x8e00
    shr eax, 16
    mov word [IDT + 0x40 * 8 + 6], ax
    lidt [AT(idtr)]
    repeat_count
.repeat:
    mov ebx, 100000
.pair:
    int 0x40
    dec ebx
    jnz .pair
    dec ecx
    jnz .repeat
    ret
handler:
    iret
align 4
idtr:
    dw 0x7ff
    dd IDT
    rom_end
