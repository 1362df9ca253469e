; Option ROM with a boot entry vector (Plug and Play BIOS specification 1.0a, appendix B): loads a Linux kernel out of
; fw_cfg by DMA and enters its real-mode setup code (Linux boot protocol, Documentation/arch/x86/boot.rst).
; The last byte is the checksum; who embeds the ROM fills it in.
    bits 16
    org 0

FW_CFG_SELECT equ 0x510
FW_CFG_DMA_LOW equ 0x518
DMA_ERROR equ 1 << 0
DMA_READ equ 1 << 1
DMA_SELECT equ 1 << 3

; fw_cfg keys
INITRD_ADDR equ 0x0a
INITRD_SIZE equ 0x0b
INITRD_DATA equ 0x12
KERNEL_ADDR equ 0x07
KERNEL_SIZE equ 0x08
KERNEL_DATA equ 0x11
CMDLINE_ADDR equ 0x13
CMDLINE_SIZE equ 0x14
CMDLINE_DATA equ 0x15
SETUP_ADDR equ 0x16
SETUP_SIZE equ 0x17
SETUP_DATA equ 0x18

; Free memory below the boot sector: stack, and above it the DMA descriptor.
DESCRIPTOR equ 0x7c00

    dw 0xaa55
    db ROM_SIZE / 512
    jmp near initialise
    times 0x1a - ($ - $$) db 0
    dw pnp

pnp:
    db '$PnP', 1, 2             ; signature, revision, length in 16 bytes
    dw 0                        ; no next header
    db 0, 0                     ; reserved, checksum (checked by nobody we know)
    dd 0                        ; device identifier
    dw 0                        ; manufacturer string
    dw product
    db 0, 0, 0                  ; device type
    db 0                        ; indicators
    dw 0, 0                     ; boot connection and disconnect vectors
    dw boot                     ; boot entry vector
    dw 0, 0                     ; reserved, static resource information

product db 'Linux kernel', 0

initialise:
    mov ax, 0x20                ; boots by its entry vector
    retf

boot:
    cli
    cld
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov esp, DESCRIPTOR

%macro load 1
    mov ax, %1_ADDR
    call read_integer
    mov ebx, eax
    mov ax, %1_SIZE
    call read_integer
    mov ecx, eax
    mov eax, %1_DATA
    call copy
%endmacro
    load SETUP
    load CMDLINE
    load KERNEL
    load INITRD

    mov ax, CMDLINE_ADDR
    call read_integer
    mov ebx, eax
    mov ax, SETUP_ADDR
    call read_integer
    sub ebx, eax                ; the heap of the setup code ends below the command line
    sub ebx, 16
    shr eax, 4
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, ebx
    add ax, 0x20
    push ax
    xor ax, ax
    push ax
    retf

; eax = the 32-bit item of key ax
read_integer:
    mov dx, FW_CFG_SELECT
    out dx, ax
    inc dx
    mov si, 4
.byte:
    in al, dx
    ror eax, 8
    dec si
    jnz .byte
    ret

; ecx bytes of the item eax to physical address ebx
copy:
    jecxz .done
    shl eax, 16
    or eax, DMA_SELECT | DMA_READ
    bswap eax
    mov [DESCRIPTOR], eax
    bswap ecx
    mov [DESCRIPTOR + 4], ecx
    mov dword [DESCRIPTOR + 8], 0
    bswap ebx
    mov [DESCRIPTOR + 12], ebx
    mov eax, DESCRIPTOR
    bswap eax
    mov dx, FW_CFG_DMA_LOW
    out dx, eax
.wait:
    mov eax, [DESCRIPTOR]
    test eax, DMA_ERROR << 24
    jnz $                       ; not an item: nothing sensible can follow
    test eax, eax
    jnz .wait
.done:
    ret

    ROM_SIZE equ 1024
    times ROM_SIZE - ($ - $$) db 0
