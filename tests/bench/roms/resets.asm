; CF9h hard resets straight from the reset vector, counted in RAM at 500h (RAM is kept over the reset).
; One unit is 1000 resets.
%include "rom.inc"
start:
    cli
    xor ax, ax
    mov ds, ax
    cmp dword [0x504], 0x7e5e7e5e
    je .count
    mov dword [0x504], 0x7e5e7e5e
    mov dword [0x500], 0
.count:
    inc dword [0x500]
    mov eax, [cs:rom_repeat]
    imul eax, eax, 1000
    cmp [0x500], eax
    ja .done
    mov dx, 0xcf9
    mov al, 0x02
    out dx, al
    mov al, 0x06
    out dx, al
.wait:
    jmp .wait
.done:
    xor ax, ax
    out 0xf4, al
.stop:
    hlt
    jmp .stop
    rom_end
