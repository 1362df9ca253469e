; A ROM that starts every application processor and works with them, then resets the machine while they run.
; Boot n (counted in CMOS 42h) does the whole round and then fires reset n:
;   1 INIT IPI to itself and all others   2 port 92h   3 CF9h hard   4 port 92h from an application processor
; Then it switches the machine off. It says on port 402h, each round: "<boot>: <CPUs> <checks passed>".
;
; The round: INIT, start-up IPIs to all but self. Each application processor counts itself (LOCK INC), adds
; 1000 times to a shared counter with LOCK and under a spin lock with PAUSE, runs a routine that the bootstrap
; processor rewrites meanwhile, takes an IPI, and spins until the reset comes.
%include "rom.inc"

%define LAPIC 0xfee00000
%define AP_VECTOR 0x08           ; 0000:8000
%define CPUS 0x1000              ; application processors that came
%define COUNTER 0x1004           ; LOCK INC
%define LOCKED 0x1008            ; plain INC under the lock
%define LOCK_WORD 0x100c
%define DONE 0x1010              ; through with the counters
%define STALE 0x1014             ; saw the old routine behind the handshake
%define PATCHED 0x1018           ; number of the routine in force
%define FOLLOWED 0x101c          ; saw the new routine
%define INTERRUPTED 0x1020       ; took the IPI
%define FIRE 0x1024              ; an application processor shall reset the machine
%define ROUTINE 0x2000
%define ROUNDS 1000
%define PATCHES 20

; enable_apic; apic_write OFFSET, VALUE; apic_send APIC ID, COMMAND of the bootstrap processor's (eax is lost);
; ap_apic_write of the application processors'
%ifdef X2APIC
%macro enable_apic 0
    mov ecx, 0x1b                ; IA32_APIC_BASE: EN, EXTD
    rdmsr
    or eax, 0xc00
    wrmsr
    apic_write 0xf0, 0x1ff
%endmacro
%macro apic_write 2
    push eax
    push ecx
    push edx
    mov ecx, 0x800 + (%1) / 16
    mov eax, %2
    xor edx, edx
    wrmsr
    pop edx
    pop ecx
    pop eax
%endmacro
%macro apic_send 2
    push ecx
    push edx
    mov edx, %1
    mov ecx, 0x830
    mov eax, %2
    wrmsr
    pop edx
    pop ecx
%endmacro
%define ap_apic_write apic_write
%else
%macro enable_apic 0
    apic_write 0xf0, 0x1ff
%endmacro
%macro apic_write 2
    mov dword [LAPIC + %1], %2
%endmacro
%macro apic_send 2
    mov eax, %1
    shl eax, 24
    mov [LAPIC + 0x310], eax
    mov dword [LAPIC + 0x300], %2
%endmacro
%macro ap_apic_write 2
    mov edi, LAPIC
    mov dword [fs:edi + %1], %2
%endmacro
%endif

%macro out_char 1
    mov dx, DEBUGCON
    mov al, %1
    out dx, al
%endmacro

start:
    cli
    o32 lgdt [cs:rom_gdtr]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword 0x18:protected

bits 32
protected:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov esp, 0x7000
    ; Nothing of the round before: an application processor that still runs would spoil the counts.
    mov edi, CPUS
    mov ecx, 64
    xor eax, eax
    rep stosd
    mov word [ROUTINE], 0xb866   ; 16-bit code: mov eax, 0; retf
    mov dword [ROUTINE + 2], 0
    mov byte [ROUTINE + 6], 0xcb
    mov esi, LINEAR(ap_start)
    mov edi, AP_VECTOR << 12
    mov ecx, ap_end - ap_start
    rep movsb
    ; Interrupt vector 40h of the application processors: real mode.
    mov word [0x40 * 4], ap_interrupt - ap_start
    mov word [0x40 * 4 + 2], AP_VECTOR << 8

    enable_apic
    apic_write 0x300, 0x000c4500                     ; INIT to all but self
    apic_write 0x300, 0x000c8500                     ; its level de-assert: nothing
    apic_write 0x300, 0x000c4600 | AP_VECTOR
    apic_write 0x300, 0x000c4600 | AP_VECTOR         ; to processors that run: ignored
    ; 5Fh: processors - 1
    mov al, 0x5f | 0x80
    out 0x70, al
    in al, 0x71
    movzx ebp, al
.all_here:
    pause
    cmp [DONE], ebp
    jne .all_here

    ; The routine changes while everybody calls it.
    mov ecx, 1
.patch:
    mov [ROUTINE + 2], ecx
    mov [PATCHED], ecx
.followed:
    mov eax, [FOLLOWED]
    mov edx, ecx
    imul edx, ebp
    cmp eax, edx
    jne .followed                ; without PAUSE
    inc ecx
    cmp ecx, PATCHES
    jbe .patch

    ; To each alone, by its APIC ID.
    mov ecx, 1
.next:
    cmp ecx, ebp
    ja .wait_all
    apic_send ecx, 0x00004040                        ; fixed, vector 40h
    inc ecx
    jmp .next
.wait_all:
    pause
    cmp [INTERRUPTED], ebp
    jne .wait_all

    mov al, 0x42 | 0x80
    out 0x70, al
    in al, 0x71
    inc al
    mov bl, al
    mov al, 0x42 | 0x80
    out 0x70, al
    mov al, bl
    out 0x71, al

    mov al, '0'
    add al, bl
    mov dx, DEBUGCON
    out dx, al
    out_char ':'
    out_char ' '
    mov eax, [CPUS]
    inc eax
    call decimal
    out_char ' '
    xor edi, edi
    imul ecx, ebp, ROUNDS
    cmp [COUNTER], ecx
    jne .counted
    inc edi
.counted:
    cmp [LOCKED], ecx
    jne .locked
    inc edi
.locked:
    cmp dword [STALE], 0
    jne .fresh
    inc edi
.fresh:
    mov eax, edi
    call decimal
    out_char 10

    cmp bl, 1
    je .init_all
    cmp bl, 2
    je .port92
    cmp bl, 3
    je .cf9
    cmp bl, 4
    je .other_fires
    jmp power_off
.init_all:
    apic_write 0x300, 0x000c4500                     ; the others
    apic_send 0, 0x00004500                          ; itself, APIC ID 0
.here:
    jmp .here
.port92:
    in al, 0x92
    and al, 0xfe
    out 0x92, al
    or al, 1
    out 0x92, al
    jmp .here
.cf9:
    mov dx, 0xcf9
    mov al, 2
    out dx, al
    mov al, 6
    out dx, al
    jmp .here
.other_fires:
    mov dword [FIRE], 1
    jmp .here

; eax in decimal, below 100.
decimal:
    xor edx, edx
    mov ecx, 10
    div ecx
    push edx
    test eax, eax
    jz .ones
    add al, '0'
    mov dx, DEBUGCON
    out dx, al
.ones:
    pop eax
    add al, '0'
    mov dx, DEBUGCON
    out dx, al
    ret

power_off:
    mov dx, 0xcf8
    mov eax, 0x80000b40          ; 00:01.3 PMBASE
    out dx, eax
    mov dx, 0xcfc
    mov eax, 0xb001
    out dx, eax
    mov dx, 0xcf8
    mov eax, 0x80000b80          ; PMREGMISC: decode
    out dx, eax
    mov dx, 0xcfc
    mov al, 1
    out dx, al
    mov dx, 0xcf8
    mov eax, 0x80000b04
    out dx, eax
    mov dx, 0xcfc
    mov al, 1
    out dx, al
    mov dx, 0xb004
    mov ax, 0x2000               ; SLP_EN, SLP_TYP 0: soft off
    out dx, ax
    hlt
    jmp power_off

; Copied to AP_VECTOR << 12; a start-up IPI enters it in real mode at offset 0.
bits 16
align 16
ap_start:
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov ebp, 1
    lock xadd [CPUS], ebp        ; its number, from 0
    inc bp
    mov ax, bp                   ; a stack for each: 256 bytes below 7000h
    shl ax, 8
    mov sp, 0x7000
    sub sp, ax
    ; fs reaches 4 GiB, for the local APIC.
    o32 lgdt [cs:ap_gdtr - ap_start]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    mov bx, 0x10
    mov fs, bx
    and al, 0xfe
    mov cr0, eax
%ifdef X2APIC
    enable_apic
%else
    ap_apic_write 0xf0, 0x1ff
%endif

    mov cx, ROUNDS
.count:
    lock inc dword [COUNTER]
.take:
    lock bts dword [LOCK_WORD], 0
    jnc .taken
    pause
    jmp .take
.taken:
    inc dword [LOCKED]
    lock btr dword [LOCK_WORD], 0
    loop .count
    lock inc dword [DONE]

    xor ebx, ebx                 ; the last routine seen
.call:
    mov ecx, [PATCHED]
    call 0:ROUTINE               ; eax = its number
    cmp eax, ecx
    jae .not_stale
    lock inc dword [STALE]
.not_stale:
    cmp eax, ebx
    je .call
    mov ebx, eax
    lock inc dword [FOLLOWED]
    cmp ebx, PATCHES
    jb .call

    sti
    test bp, 1
    jnz .spin
.halt:
    hlt
    jmp .halt
.spin:
    cmp dword [FIRE], 1
    jne .spin
    cmp bp, 1
    jne .spin
    in al, 0x92
    and al, 0xfe
    out 0x92, al
    or al, 1
    out 0x92, al
    jmp .spin

ap_interrupt:
    push edi
    lock inc dword [INTERRUPTED]
    ap_apic_write 0xb0, 0
    pop edi
    iret

align 4
ap_gdtr:
    dw 5 * 8 - 1
    dd LINEAR(rom_gdt)
ap_end:

rom_end
