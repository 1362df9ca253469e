; The demo disk: a boot sector that resets the machine by every path a PC has, one path a boot, and says each time
; which reset brought it here. CMOS carries the state over the resets, since RAM need not survive them.
;
; Console: every character goes to INT 10h (screen) and to the debug console at port 402h.
; CMOS: 40h = magic A5h, 41h = number of the reset fired last, 42h = boots so far.
bits 16
org 0x7c00

DEBUGCON    equ 0x402
CMOS_MAGIC  equ 0x40
CMOS_STAGE  equ 0x41
CMOS_BOOTS  equ 0x42
MAGIC       equ 0xa5
RAM_MARK    equ 0x600           ; dword, survives INIT# and, on most machines, a short hard reset
SECTORS     equ 4               ; second stage

boot:
    jmp 0:.entry
.entry:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7c00
    mov [drive], dl
    mov ax, 0x0200 + SECTORS    ; INT 13h AH=02h, read SECTORS from cylinder 0, sector 2
    mov cx, 0x0002
    xor dh, dh
    mov bx, 0x7e00
    int 0x13
    jnc main
    mov si, read_error
    call puts
.halt:
    hlt
    jmp .halt

; si = zero-terminated text
puts:
    lodsb
    test al, al
    jz .done
    call putc
    jmp puts
.done:
    ret

putc:
    push dx
    push bx
    push ax
    mov dx, DEBUGCON
    out dx, al
    mov ah, 0x0e
    mov bx, 7
    int 0x10
    pop ax
    pop bx
    pop dx
    ret

drive:      db 0
read_error: db "demo: cannot read the second stage", 13, 10, 0
    times 510 - ($ - $$) db 0
    dw 0xaa55

; ---- second stage, 0000:7E00 ----

; al = index -> al = value
cmos_read:
    or al, 0x80                 ; NMI stays masked (port 70h bit 7)
    out 0x70, al
    in al, 0x71
    ret

; al = index, ah = value
cmos_write:
    or al, 0x80
    out 0x70, al
    mov al, ah
    out 0x71, al
    ret

; al = 0..255, printed in decimal
put_number:
    xor ah, ah
    mov bl, 10
    div bl
    push ax
    test al, al
    jz .units
    call put_number
.units:
    pop ax
    mov al, ah
    add al, '0'
    jmp putc

main:
    mov al, CMOS_MAGIC
    call cmos_read
    cmp al, MAGIC
    je .known
    mov ax, MAGIC << 8 | CMOS_MAGIC
    call cmos_write
    mov ax, CMOS_STAGE
    call cmos_write
    mov ax, CMOS_BOOTS
    call cmos_write
    mov dword [RAM_MARK], 0
.known:
    mov al, CMOS_BOOTS
    call cmos_read
    inc al
    mov [boots], al
    mov ah, al
    mov al, CMOS_BOOTS
    call cmos_write

    mov al, CMOS_STAGE
    call cmos_read
    cmp al, LAST
    jbe .valid
    xor al, al
.valid:
    mov [stage], al
    mov si, text_boot
    call puts
    mov al, [boots]
    call put_number
    mov si, text_after
    call puts
    mov al, [stage]
    call stage_name
    call puts
    cmp byte [stage], 0
    je .next
    mov si, text_ram_kept
    cmp dword [RAM_MARK], 0x74756f73
    je .ram
    mov si, text_ram_lost
.ram:
    call puts
.next:
    mov al, [stage]
    inc al
    cmp al, LAST
    jbe .fire
    mov al, LAST
.fire:
    mov [stage], al
    mov ah, al
    mov al, CMOS_STAGE
    call cmos_write
    mov dword [RAM_MARK], 0x74756f73
    mov si, text_firing
    call puts
    mov al, [stage]
    call stage_name
    call puts
    mov si, text_end
    call puts
    movzx bx, byte [stage]
    shl bx, 1
    cli
    jmp [actions + bx]

; al = stage -> si = its name
stage_name:
    movzx bx, al
    shl bx, 1
    mov si, [names + bx]
    ret

; ---- the reset paths; each ends in a loop, since a reset line takes its time to arrive ----
wait_for_reset:
    jmp wait_for_reset

port92:                         ; 82371AB 4.2.7.2: FAST_INIT acts on a 0 to 1 edge
    in al, 0x92
    and al, 0xfe
    out 0x92, al
    or al, 1
    out 0x92, al
    jmp wait_for_reset

cf9_soft:                       ; RC: first the kind with bit 2 clear, then the edge
    mov bl, 0x00
    jmp cf9
cf9_hard:
    mov bl, 0x02
    jmp cf9
cf9_full:
    mov bl, 0x0a
cf9:
    mov dx, 0xcf9
    mov al, bl
    out dx, al
    or al, 4
    out dx, al
    jmp wait_for_reset

kbc_ready:                      ; input buffer empty
    in al, 0x64
    test al, 2
    jnz kbc_ready
    ret

kbc_pulse:                      ; FEh: pulse output port bit 0
    call kbc_ready
    mov al, 0xfe
    out 0x64, al
    jmp wait_for_reset

kbc_output_port:                ; D1h: write the output port, bit 0 low holds RCIN#
    call kbc_ready
    mov al, 0xd1
    out 0x64, al
    call kbc_ready
    mov al, 0xde
    out 0x60, al
    jmp wait_for_reset

triple_fault:                   ; in protected mode: KVM's emulator checks no IDT limit in real mode
    lidt [no_idt]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    int3
    jmp wait_for_reset

soft_off:                       ; PM1_CNT: SLP_EN with the S5 type of the PIIX4 (0)
    mov eax, 0x80000b40         ; 00:01.3 offset 40h, PMBA
    mov dx, 0xcf8
    out dx, eax
    mov dx, 0xcfc
    in eax, dx
    and ax, 0xffc0
    mov dx, ax
    add dx, 4
    mov ax, 0x2000
    out dx, ax
    jmp wait_for_reset

actions:
    dw wait_for_reset, port92, cf9_soft, cf9_hard, cf9_full, kbc_pulse, kbc_output_port, triple_fault, soft_off
LAST equ ($ - actions) / 2 - 1
names:
    dw name0, name1, name2, name3, name4, name5, name6, name7, name8
name0: db "power-on", 0
name1: db "port 92h INIT", 0
name2: db "CF9h soft", 0
name3: db "CF9h hard", 0
name4: db "CF9h full", 0
name5: db "8042 FEh pulse", 0
name6: db "8042 output port", 0
name7: db "triple fault", 0
name8: db "ACPI soft-off", 0
text_boot:     db 13, 10, "demo: boot ", 0
text_after:    db " after ", 0
text_ram_kept: db ", RAM kept", 0
text_ram_lost: db ", RAM lost", 0
text_firing:   db 13, 10, "demo: firing ", 0
text_end:      db 13, 10, 0
no_idt:        dw 0
               dd 0
boots:         db 0
stage:         db 0
    times (1 + SECTORS) * 512 - ($ - $$) db 0
    times 2 * 16 * 63 * 512 - ($ - $$) db 0    ; 2 cylinders, 16 heads, 63 sectors
