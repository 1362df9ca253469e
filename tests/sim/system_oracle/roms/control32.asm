; What protected mode without long mode refuses to load into CR0 and CR4, LMSW, when the PDPTEs are checked, and what keeps
; paging from activating long mode. SDM vol. 3A 2.2.1, 2.5; 4.4.1 (PDPTEs), 4.10.1 (PCID), 9.8.5; vol. 2 MOV, LMSW, SMSW.
%include "runtime/protected.inc"
%include "runtime/sweep.inc"

%define EFER 0xc0000080
%define PDPT MORE_TABLES
%define DIRECTORY (MORE_TABLES + 0x1000)

; cr4_case "name", changed
%macro cr4_case 2
    mov ebx, cr4
    case %1
    mov eax, ebx
    xor eax, %2
    origin
    mov cr4, eax
    done
    mov cr4, ebx
%endmacro

main:
    call write_cr0
    call machine_status_word
    call encodings
    call pdptes
    call write_cr4          ; from here on, not every machine comes back
    call activation
    cr0_case "PG without PE", 0x80000000, 1
    ret

write_cr0:
    cr0_case "NW without CD", 0x20000000, 0x40000000
    cr0_case "NW with CD", 0x60000000, 0
    mov ebx, cr0
    say "reserved bits and ET:"
    mov eax, ebx
    or eax, 0x1ffaffc0
    and al, ~0x10
    mov cr0, eax
    mov eax, cr0
    mov cr0, ebx
    and eax, 0x1ffaffd0
    show "cr0", 8, eax
    newline
    ret

; lmsw_case "name", value
%macro lmsw_case 2
    mov ebx, cr0
    case %1
    mov eax, %2
    origin
    lmsw ax
    mov eax, cr0
    and eax, 0x6000003f
    mov cr0, ebx
    show "cr0", 8, eax
    done
%endmacro
machine_status_word:
    mov eax, cr0
    or eax, 0x20            ; NE
    mov cr0, eax
    lmsw_case "lmsw does not clear PE", 0
    lmsw_case "lmsw sets MP, EM, TS", 0x000f
    lmsw_case "lmsw sets no other bit", 0xffd1
    case "lmsw at CPL 3"
    to_user
    origin
    lmsw ax
    end_ring
    done
    case "smsw at CPL 3"
    to_user
    smsw ax
    end_ring
    done
    case "smsw, 32 bits, is CR0"
    mov ebx, cr0
    smsw eax
    xor eax, ebx
    show "difference", 8, eax
    done
    ret

encodings:
    encoding "read of cr1", 0x0f, 0x20, 0xc8
    encoding "read of cr5", 0x0f, 0x20, 0xe8
    encoding "read of cr7", 0x0f, 0x20, 0xf8
    encoding "write of cr1", 0x0f, 0x22, 0xc8
    encoding "write of cr6", 0x0f, 0x22, 0xf0
    case "cr5 at CPL 3"
    to_user
    origin
    db 0x0f, 0x20, 0xe8
    end_ring
    done
    case "mov eax, cr0 at CPL 3"
    to_user
    origin
    mov eax, cr0
    end_ring
    done
    case "mov dr7, eax at CPL 3"
    to_user
    origin
    mov dr7, eax
    end_ring
    done
    ret

; The PDPTEs are in registers of the processor: what loads them checks them. Entry 3 covers nothing that is used.
%macro spoil 0
    mov dword [PDPT + 24], 0x203        ; bit 1 is reserved, bit 9 is not
%endmacro
%macro mend 0
    mov dword [PDPT + 24], 0
%endmacro
pdptes:
    mov edi, PDPT
    xor eax, eax
    mov ecx, 0x400
    rep stosd
    mov dword [PDPT], DIRECTORY + 1
    mov edi, DIRECTORY
    mov eax, 0x87
    mov ecx, 512
.page:
    stosd
    mov dword [edi], 0
    add edi, 4
    add eax, 0x200000
    loop .page
    mov eax, cr4
    or al, 0x20             ; PAE
    mov cr4, eax
    mov eax, PDPT
    mov cr3, eax
    spoil
    cr0_case "PG loads the PDPTEs", 0x80000000, 0
    mend
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    spoil
    case "cr3 loads them"
    mov eax, PDPT
    origin
    mov cr3, eax
    done
    cr0_case "CD loads them", 0x40000000, 0
    cr0_case "CD and NW load them", 0x60000000, 0
    cr0_case "TS does not", 8, 0
    cr0_case "WP does not", 0x10000, 0
    cr4_case "PGE loads them", 0x80
    cr4_case "PSE loads them", 0x10
    cr4_case "TSD does not", 4
    cr4_case "OSFXSR does not", 0x200
    mov dword [PDPT + 24], 0x202        ; not present: no bit is reserved
    cr0_case "CD, entry not present", 0x40000000, 0
    mend
    mov eax, cr0
    and eax, 0x7fffffff
    mov cr0, eax
    ret

; PG with EFER.LME set: long mode is to become active.
activation:
    mov ecx, EFER
    rdmsr
    or ah, 1
    case "LME while PG is clear"
    wrmsr
    done
    mov eax, cr4
    and al, ~0x20
    mov cr4, eax
    cr0_case "LME, no PAE", 0x80000000, 0
    mov eax, cr4
    or al, 0x20
    mov cr4, eax
    mov ebx, cr0
    case "LME, CS with L"
    set_descriptor TEST, 0x0000ffff, 0x00af9b00
    mov eax, ebx
    or eax, 0x80000000
    jmp TEST:.long
.long:
bits 16                     ; D is clear, and outside long mode L has no effect
    origin
    mov cr0, eax
bits 32
    done
    mov cr0, ebx
    set_descriptor TEST2, 0x60000067, 0x00008104
    mov ax, TEST2
    ltr ax
    cr0_case "LME, a 16-bit TSS", 0x80000000, 0
    mov dword [GDT + TSS_SEL + 4], 0x00008904
    mov ax, TSS_SEL
    ltr ax
    mov ecx, EFER
    rdmsr
    and ah, ~1
    wrmsr
    mov eax, cr4
    and al, ~0x20
    mov cr4, eax
    ret

write_cr4:
    case "PCIDE outside long mode"
    mov eax, cr4
    or eax, 0x20000
    origin
    mov cr4, eax
    done
    mov eax, cr0
    or eax, 0x10000         ; CET wants WP
    mov cr0, eax
    each_cr4_bit 0, 16
    each_cr4_bit 18, 31
    ret

    rom_end
