; The frame of a hostile guest (guest.cpp puts the random part at 0400h): flat protected mode, interrupts
; acknowledged, faults skipped. Every restart enters the random part at another of 64 points, so that a guest
; that resets itself at once still gets everywhere.
%define BASE 0xf0000
%define RANDOM_PART 0x400
%define ENTRIES 0xe800
%define RESUME 0x3000       ; where to go on after a fault; the random part writes it
%define RESTARTS 0x3004
%define IDT 0x1000

bits 16
org 0
start:
    cli
    lgdt [cs:gdtr]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword 8:BASE + protected
bits 32
protected:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov fs, ax
    mov gs, ax
    mov esp, 0x7000
    cld
    mov edi, IDT
    xor ecx, ecx
gate:
    mov eax, fault
    cmp ecx, 32
    jb .vector
    mov eax, interrupt
.vector:
    or eax, 8 << 16
    stosd
    mov eax, (BASE & 0xffff0000) | 0x8e00
    stosd
    inc ecx
    cmp ecx, 256
    jne gate
    lidt [BASE + idtr]
    ; A timer keeps the guest awake until the random part finds a way to stop it.
    mov al, 0x11
    out 0x20, al
    mov al, 0x40
    out 0x21, al
    mov al, 4
    out 0x21, al
    mov al, 1
    out 0x21, al
    xor al, al
    out 0x21, al
    mov al, 0x34
    out 0x43, al
    xor al, al
    out 0x40, al
    mov al, 0x10
    out 0x40, al
    sti
    mov eax, [RESTARTS]
    inc dword [RESTARTS]
    and eax, 63
    jmp dword [BASE + ENTRIES + eax * 4]

fault:
    mov esp, 0x7000
    xor eax, eax
    mov dr7, eax
    jmp dword [RESUME]
interrupt:
    push eax
    mov dword [0xfee000b0], 0
    mov al, 0x20
    out 0xa0, al
    out 0x20, al
    pop eax
    iretd

align 8
gdt:
    dq 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:
    dw 23
    dd BASE + gdt
idtr:
    dw 2047
    dd IDT
%if $ - $$ > RANDOM_PART
%error "the frame reaches into the random part"
%endif
    times 0xfff0 - ($ - $$) db 0x90
bits 16
    jmp 0xf000:start
    times 0x10000 - ($ - $$) db 0
