; Option ROM: loads a Linux kernel out of fw_cfg by DMA and enters its real-mode setup code (Linux boot protocol,
; Documentation/arch/x86/boot.rst).
%define PRODUCT 'Linux kernel'
%include "option_rom.inc"

; Free memory below the boot sector: stack, and above it the DMA descriptor.
DESCRIPTOR equ 0x7c00

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

    end_of_rom
