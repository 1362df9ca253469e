; Option ROM: loads a multiboot kernel and its modules out of fw_cfg by DMA, completes the boot information with the memory
; map of the firmware and enters the kernel (Multiboot Specification version 0.6.96, section 3.2 "Machine state").
; platform/boot/multiboot_plan.h describes what it is told: a list of chunks of memory to fill, and a block of memory.
%define PRODUCT 'multiboot kernel'
%include "option_rom.inc"

; Free memory below 64 KiB, until the kernel is loaded there.
STACK equ 0x7c00
GDTR equ 0x7e00
BLOCK equ 0x7e08                ; what is copied out of fw_cfg in real mode
LIST equ 0x7e0c
LIST_SIZE equ 0x7e10
ENTRY equ 0x7e14
MAP equ 0x8000

; An entry of the memory map: size of the rest, base, length, type.
MAP_ENTRY equ 24
MAP_LIMIT equ 4096 - MAP_ENTRY
MAP_BASE equ 4
MAP_LENGTH equ 12
MAP_TYPE equ 20
AVAILABLE equ 1

; The boot information lies behind the map.
INFORMATION equ 4096
MEM_LOWER equ INFORMATION + 4
MEM_UPPER equ INFORMATION + 8
MMAP_LENGTH equ INFORMATION + 44

; Right below the list.
DESCRIPTOR_SIZE equ 16

    align 8
; With the accessed bits set already: nobody can write here.
gdt:
    dq 0
    dq 0x00cf9b000000ffff       ; code, 4 GiB
    dq 0x00cf93000000ffff       ; data, 4 GiB
gdt_end:

boot:
    cld
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, STACK
    sti
    mov ax, 0x2401              ; A20 on
    int 0x15

    mov di, MAP
    xor ebx, ebx
.entry:
    push di
    mov eax, 0xe820
    mov edx, 'PAMS'             ; "SMAP", highest byte first
    mov ecx, MAP_ENTRY - 4
    add di, 4
    int 0x15
    pop di
    jc .map_done
    mov dword [di], MAP_ENTRY - 4
    add di, MAP_ENTRY
    cmp di, MAP + MAP_LIMIT
    ja .map_done
    test ebx, ebx
    jnz .entry
.map_done:
    movzx ebp, di
    sub ebp, MAP

    cli
%macro note 2
    mov ax, %1
    call read_integer
    mov [%2], eax
%endmacro
    note INITRD_ADDR, BLOCK
    note SETUP_ADDR, LIST
    note SETUP_SIZE, LIST_SIZE
    note KERNEL_ENTRY, ENTRY

    ; Linear addresses: where this ROM lies is the firmware's choice.
    xor eax, eax
    mov ax, cs
    shl eax, 4
    lea ebx, [eax + gdt]
    mov word [GDTR], gdt_end - gdt - 1
    mov [GDTR + 2], ebx
    lea eax, [eax + protected]
    o32 lgdt [GDTR]
    mov ebx, cr0
    or bl, 1
    push dword 8
    push eax
    mov cr0, ebx
    o32 retf

    bits 32
protected:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    ; The block is the only memory that stays free: the stack ends below the descriptor there.
    mov ebx, [LIST]
    mov esp, ebx
    sub esp, DESCRIPTOR_SIZE
    mov edi, [BLOCK]
    push dword [ENTRY]
    push edi
    push ebp
    mov esi, MAP
    mov ecx, ebp
    rep movsb
    lea ebp, [ebx - DESCRIPTOR_SIZE]

    mov eax, (SETUP_DATA << 16) | DMA_SELECT | DMA_READ
    mov ecx, [LIST_SIZE]
    mov edi, ebx
    call transfer

    mov dx, FW_CFG_SELECT
    mov ax, KERNEL_DATA
    out dx, ax
    mov esi, [ebx]              ; chunks
    add ebx, 4
.chunk:
    test esi, esi
    jz .loaded
    mov edi, [ebx]
    mov ecx, [ebx + 4]
    mov eax, DMA_READ           ; the next bytes of the item
    call transfer
    add edi, [ebx + 4]
    mov ecx, [ebx + 8]
    xor eax, eax
    rep stosb
    add ebx, 12
    dec esi
    jmp .chunk

.loaded:
    pop ebp                     ; bytes of the map
    pop ebx                     ; the block
    pop edx                     ; the entry point
    mov [ebx + MMAP_LENGTH], ebp
    mov esi, ebx
    lea edi, [ebx + ebp]
.region:
    cmp esi, edi
    jae .enter
    cmp dword [esi + MAP_TYPE], AVAILABLE
    jne .next
    cmp dword [esi + MAP_BASE + 4], 0
    jne .next
    mov eax, [esi + MAP_LENGTH]
    mov ecx, [esi + MAP_LENGTH + 4]
    shrd eax, ecx, 10           ; KiB
    cmp dword [esi + MAP_BASE], 0
    jne .upper
    mov [ebx + MEM_LOWER], eax
.upper:
    cmp dword [esi + MAP_BASE], 0x100000
    jne .next
    mov [ebx + MEM_UPPER], eax
.next:
    add esi, MAP_ENTRY
    jmp .region

.enter:
    add ebx, INFORMATION
    mov eax, 0x2badb002
    jmp edx

; DMA of ecx bytes to edi; eax: control, ebp: the descriptor. Changes eax, ecx, edx.
transfer:
    jecxz .done
    bswap eax
    mov [ebp], eax
    bswap ecx
    mov [ebp + 4], ecx
    mov dword [ebp + 8], 0
    mov eax, edi
    bswap eax
    mov [ebp + 12], eax
    mov eax, ebp
    bswap eax
    mov dx, FW_CFG_DMA_LOW
    out dx, eax
.wait:
    mov eax, [ebp]
    test eax, DMA_ERROR << 24
    jnz $                       ; not an item: nothing sensible can follow
    test eax, eax
    jnz .wait
.done:
    ret

    end_of_rom
