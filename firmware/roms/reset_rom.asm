; A ROM that resets the machine by each path in turn, from one processor mode:
;   MODE 0  real mode, straight from the reset vector
;   MODE 1  32-bit protected mode, code segment base FFFF0000h
;   MODE 2  32-bit protected mode with paging: the ROM also appears at linear 40000000h + FFFF0000h - FFC00000h
; The number of the next path lives in CMOS 41h (magic A5h in 40h), boots in 42h. Before each shot it writes a line
; "<mode>:<path>" to port 402h; after the last path it says "done" and turns the machine off through the PIIX4.
%include "rom.inc"

%ifndef MODE
%define MODE 0
%endif
%define PATHS 7

%macro out_char 1
    mov dx, DEBUGCON
    mov al, %1
    out dx, al
%endmacro

; %1 = index, result in al. Port 70h bit 7 keeps NMI masked.
%macro cmos_get 1
    mov al, 0x80 | %1
    out 0x70, al
    in al, 0x71
%endmacro

; %1 = index, %2 = register with the value (not al)
%macro cmos_set 2
    mov al, 0x80 | %1
    out 0x70, al
    mov al, %2
    out 0x71, al
%endmacro

; The same code serves 16- and 32-bit modes. It uses no stack and no memory: bl = path.
%macro fire_all 0
    cmos_get 0x40
    cmp al, 0xa5
    je %%known
    mov bl, 0xa5
    cmos_set 0x40, bl
    xor bl, bl
    cmos_set 0x41, bl
    cmos_set 0x42, bl
%%known:
    cmos_get 0x42
    mov bl, al
    inc bl
    cmos_set 0x42, bl
    cmos_get 0x41
    mov bl, al
    inc bl
    cmos_set 0x41, bl
    cmp bl, PATHS
    ja %%off
    out_char '0' + MODE
    out_char ':'
    mov al, bl
    add al, '0'
    out dx, al
    out_char 10
    cmp bl, 1
    je %%port92
    cmp bl, 2
    je %%cf9_soft
    cmp bl, 3
    je %%cf9_hard
    cmp bl, 4
    je %%cf9_full
    cmp bl, 5
    je %%kbc_pulse
    cmp bl, 6
    je %%kbc_output_port
    jmp %%triple_fault

%%port92:
    in al, 0x92
    and al, 0xfe
    out 0x92, al
    or al, 1
    out 0x92, al
    jmp %%wait
%%cf9_soft:
    mov bl, 0x00
    jmp %%cf9
%%cf9_hard:
    mov bl, 0x02
    jmp %%cf9
%%cf9_full:
    mov bl, 0x0a
%%cf9:
    mov dx, 0xcf9
    mov al, bl
    out dx, al
    or al, 4
    out dx, al
    jmp %%wait
%%kbc_pulse:
    in al, 0x64
    test al, 2
    jnz %%kbc_pulse
    mov al, 0xfe
    out 0x64, al
    jmp %%wait
%%kbc_output_port:
    in al, 0x64
    test al, 2
    jnz %%kbc_output_port
    mov al, 0xd1
    out 0x64, al
%%kbc_data:
    in al, 0x64
    test al, 2
    jnz %%kbc_data
    mov al, 0xde
    out 0x60, al
%%wait:
    jmp %%wait
%%triple_fault:
    lidt [cs:no_idt]
    int3
    jmp %%wait
%%off:
    out_char 'd'
    out_char 'o'
    out_char 'n'
    out_char 'e'
    out_char 10
    mov dx, 0xcf8               ; PIIX4 function 3: PMBA (40h) = 600h, PMREGMISC (80h) bit 0 = decode
    mov eax, 0x80000b40
    out dx, eax
    mov dx, 0xcfc
    mov eax, 0x601
    out dx, eax
    mov dx, 0xcf8
    mov eax, 0x80000b80
    out dx, eax
    mov dx, 0xcfc
    mov al, 1
    out dx, al
    mov dx, 0x604               ; PM1_CNT: SLP_EN, SLP_TYP 0 = S5
    mov ax, 0x2000
    out dx, ax
    jmp %%wait
%endmacro

align 8
no_idt:
    dw 0
    dd 0

start:
    cli
%if MODE == 0
    fire_all
%else
    o32 lgdt [cs:rom_gdtr]
    mov eax, cr0
    or al, 1
    mov cr0, eax
%if MODE == 1
    jmp dword 0x18:protected
bits 32
protected:
    mov ax, 0x10
    mov ds, ax
    mov ss, ax
    fire_all
%else
    jmp dword 0x08:LINEAR(protected)
bits 32
; Page directory at 1000h: 4 MiB pages (PSE), identity for the first and the last, and 40000000h -> FFC00000h.
protected:
    mov ax, 0x10
    mov ds, ax
    mov ss, ax
    mov es, ax
    mov edi, 0x1000
    xor eax, eax
    mov ecx, 1024
    cld
    rep stosd
    mov dword [0x1000], 0x83
    mov dword [0x1000 + 0x3ff * 4], 0xffc00083
    mov dword [0x1000 + 0x100 * 4], 0xffc00083
    mov eax, cr4
    or eax, 0x10                ; CR4.PSE
    mov cr4, eax
    mov eax, 0x1000
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    jmp 0x08:0x40000000 + (LINEAR(paged) - 0xffc00000)
paged:
    fire_all
%endif
%endif
    rom_end
