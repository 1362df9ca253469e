; Resets straight from the reset vector, counted in RAM at 500h (which every reset here keeps). One unit is 1000.
; SOURCE: 0 CF9h hard, 1 CF9h soft, 2 port 92h, 3 8042 FEh, 4 8042 output port, 5 triple fault, 6 CF9h full.
%include "rom.inc"
%ifndef SOURCE
%define SOURCE 0
%endif

; al -> port %1, when the 8042 takes it
%macro kbc_write 1
%%busy:
    mov ah, al
    in al, 0x64
    test al, 2
    mov al, ah
    jnz %%busy
    out %1, al
%endmacro

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
%if SOURCE == 0 || SOURCE == 1 || SOURCE == 6
    mov dx, 0xcf9
    mov al, (SOURCE == 0) * 0x02 + (SOURCE == 6) * 0x0a
    out dx, al
    or al, 4
    out dx, al
%elif SOURCE == 2
    in al, 0x92
    and al, 0xfe
    out 0x92, al
    or al, 1
    out 0x92, al
%elif SOURCE == 3
    mov al, 0xfe
    kbc_write 0x64
%elif SOURCE == 4
    mov al, 0xd1                ; RCIN# high first: a held line does not reset again
    kbc_write 0x64
    mov al, 0xdf
    kbc_write 0x60
    mov al, 0xd1
    kbc_write 0x64
    mov al, 0xde
    kbc_write 0x60
%else
    lidt [cs:.no_idt]
    int3
%endif
.wait:
    jmp .wait
.no_idt:
    dw 0
    dd 0
.done:
    xor ax, ax
    out 0xf4, al
.stop:
    hlt
    jmp .stop
    rom_end
