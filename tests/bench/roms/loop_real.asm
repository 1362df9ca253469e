; Integer loop in real mode, run from ROM with CS.base FFFF0000h. One unit is 3.1 M instructions.
%include "rom.inc"
start:
    cli
    xor ax, ax
    mov ds, ax
    mov ecx, [cs:rom_repeat]
.repeat:
    xor bx, bx
    mov si, 0x1000
.outer:
    mov di, 8
.inner:
    add ax, bx
    xor dx, ax
    mov [si], dx
    add bx, [si]
    dec di
    jnz .inner
    add si, 2
    and si, 0x1ffe
    inc bp
    jnz .outer
    dec ecx
    jnz .repeat
    xor ax, ax
    out 0xf4, al
.stop:
    hlt
    jmp .stop
    rom_end
