; A multiboot kernel that tells on the debug console in which state it was entered and what it was handed, one fact a line.
; Source: Multiboot Specification version 0.6.96.
;
; An ELF file with a segment at 1 MiB and one in low memory, where a boot loader might have its own data; with
; -DADDRESSES a flat file whose header has addresses (flag 16).
%define DEBUGCON 0x402
%ifdef ADDRESSES
BASE equ 0x200000
FLAGS equ 0x10003
%else
BASE equ 0x100000
FLAGS equ 3
%endif
LOW_BASE equ 0x7000
LOW_SIZE equ 0x3000
LOW_CLEARED equ 0x1000
MAGIC equ 0x1badb002

    bits 32
    org BASE
file:
%ifndef ADDRESSES
    db 0x7f, 'ELF', 1, 1, 1
    times 9 db 0
    dw 2, 3                     ; executable, i386
    dd 1, entry + HALF, headers - file, 0, 0
    dw 52, 32, 3, 0, 0, 0
; Linked for a higher half: virtual addresses are not the physical ones.
HALF equ 0xc0000000
headers:
    dd 1, 0, BASE + HALF, BASE, loaded_end - file, end - file, 7, 4096
    dd 1, low - file, LOW_BASE, LOW_BASE, LOW_SIZE, LOW_SIZE + LOW_CLEARED, 6, 4096
    dd 4, 0xffffffff, 0, 0, 0xffffffff, 0, 0, 0 ; a note that lies: of no concern to a boot loader
%else
    db '#! not an executable format'
%endif

    align 4
header:
    dd MAGIC, FLAGS, -(MAGIC + FLAGS)
    dd header, BASE, loaded_end, end, entry

%macro say 1+
    mov esi, %%text
    call print
    jmp %%over
%%text: db %1, 0
%%over:
%endmacro
%macro hex 1
    mov eax, %1
    call print_hex
%endmacro

entry:
    mov [registers], eax
    mov [registers + 4], ebx
    mov esp, stack
    pushfd
    pop dword [registers + 8]
    mov eax, cr0
    mov [registers + 12], eax
    mov ebp, ebx

    say 'eax '
    hex [registers]
    say 10, 'cr0 '
    mov eax, [registers + 12]
    and eax, 0x80000001         ; PG and PE
    call print_hex
    say 10, 'eflags '
    mov eax, [registers + 8]
    and eax, 0x20200            ; VM and IF
    call print_hex

    ; Segments of 4 GiB that can be written; A20: 1 MiB apart is not the same byte.
    mov dword [0x500], 0x11111111
    mov dword [es:0x100500 + 0x200000], 0x22222222
    mov eax, [fs:0x500]
    sub eax, [gs:0x500]
    add eax, [ss:0x500]
    say 10, 'a20 '
    call print_hex

    say 10, 'flags '
    hex [ebp]
    say 10, 'lower '
    hex [ebp + 4]
    say 10, 'upper '
    hex [ebp + 8]
    say 10, 'command line '
    mov esi, [ebp + 16]
    call print
    say 10, 'loader '
    mov esi, [ebp + 64]
    call print

    mov ebx, [ebp + 24]         ; modules
    mov ecx, [ebp + 20]
.module:
    jecxz .modules_done
    say 10, 'module '
    mov eax, [ebx]
    and eax, 0xfff
    call print_hex
    say ' '
    mov eax, [ebx + 4]
    sub eax, [ebx]
    call print_hex
    say ' '
    xor eax, eax                ; sum of the bytes
    mov esi, [ebx]
.byte:
    cmp esi, [ebx + 4]
    jae .summed
    movzx edx, byte [esi]
    add eax, edx
    inc esi
    jmp .byte
.summed:
    call print_hex
    say ' '
    mov esi, [ebx + 8]
    call print
    add ebx, 16
    dec ecx
    jmp .module
.modules_done:

    mov ebx, [ebp + 48]         ; memory map
    mov ecx, [ebp + 44]
    add ecx, ebx
.region:
    cmp ebx, ecx
    jae .map_done
    say 10, 'region '
    hex [ebx + 8]
    hex [ebx + 4]
    say ' '
    hex [ebx + 16]
    hex [ebx + 12]
    say ' '
    hex [ebx + 20]
    add ebx, [ebx]
    add ebx, 4
    jmp .region
.map_done:

    say 10, 'bss '
    mov edi, loaded_end
    mov ecx, end - loaded_end
    call or_bytes
    call print_hex
%ifndef ADDRESSES
    say 10, 'low '
    mov edi, LOW_BASE + LOW_SIZE
    mov ecx, LOW_CLEARED
    call or_bytes
    call print_hex
    say ' '
    xor eax, eax
    mov esi, LOW_BASE
    mov ecx, LOW_SIZE / 4
.word:
    add eax, [esi]
    add esi, 4
    loop .word
    call print_hex
%endif
    say 10, 'end', 10
    cli
    hlt
    jmp $ - 1

; eax = all bytes of ecx at edi, combined with OR
or_bytes:
    xor eax, eax
.next:
    movzx edx, byte [edi]
    or eax, edx
    inc edi
    loop .next
    ret

; the text at esi; keeps the registers
print:
    pushad
    mov edx, DEBUGCON
.next:
    lodsb
    test al, al
    jz .done
    out dx, al
    jmp .next
.done:
    popad
    ret

; eax in eight hexadecimal digits; keeps the registers
print_hex:
    pushad
    mov edx, DEBUGCON
    mov ecx, 8
    mov ebx, eax
.digit:
    rol ebx, 4
    mov al, bl
    and al, 15
    add al, '0'
    cmp al, '9'
    jbe .out
    add al, 'a' - '0' - 10
.out:
    out dx, al
    loop .digit
    popad
    ret

registers times 4 dd 0
    align 16
    times 256 dd 0
stack:
loaded_end:
%ifndef ADDRESSES
    ; File contents of the low segment: words that add up to 0x2468ace0 * LOW_SIZE / 4.
low: times LOW_SIZE / 4 dd 0x2468ace0
%else
    db 'not loaded'
%endif
end equ loaded_end + 0x12345 ; of the cleared memory
