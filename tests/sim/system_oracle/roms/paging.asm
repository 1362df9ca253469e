; Page faults: error codes, CR2, accessed and dirty bits, reserved bits, large pages, WP, NX, SMEP, SMAP. With LONG in
; 4-level paging, with PAE in PAE paging, else in 32-bit paging. SDM vol. 3A 4.3 to 4.8.
%ifdef LONG
    %include "runtime/long.inc"
    %define LEVELS 4
    %define ENTRY 8
    %define IDENTITY (TABLES + 0x2000)  ; entry of the large page that holds the runtime
    %define TRAP_RCX trap_rcx
    %define TRAP_RDI trap_rdi
    %define rDI rdi
%else
    %include "runtime/protected.inc"
    %define TRAP_RCX (trap_frame + 24)
    %define TRAP_RDI trap_frame
    %define rDI edi
    %ifdef PAE
        %define IDENTITY (TABLES + 0x1000)
        %define LEVELS 2    ; entries of the page-directory-pointer table have no rights
        %define ENTRY 8
    %else
        %define IDENTITY TABLES
        %define LEVELS 2
        %define ENTRY 4
    %endif
%endif

; Sixteen pages at PROBE, each over the 4 KiB page of the same number at PAGES. E1 is the first page's entry, E2 what
; points to its table, and so on.
%ifdef LONG
    %define PROBE 0x8000000000
%else
    %define PROBE 0x40000000
%endif
%define T1 MORE_TABLES
%define T2 (MORE_TABLES + 0x1000)
%define T3 (MORE_TABLES + 0x2000)
%define E1 T1
%ifdef LONG
    %define E2 T2
    %define E3 T3
    %define E4 (TABLES + 8)
%elifdef PAE
    %define E2 T2
    %define E3 (TABLES + 8)
%else
    %define E2 (TABLES + 0x400)
%endif

; entry ADDRESS, VALUE: a table entry, all bits
%macro entry 2
    mov dword [%1], (%2) & 0xffffffff
    %if ENTRY == 8
    mov dword [%1 + 4], (%2) >> 32
    %endif
%endmacro
%macro flush 0
    mov rA, cr3
    mov cr3, rA
%endmacro
; The mapping as it is at the start of each case.
fresh:
    push rA
    push rB
    push rC
    mov ebx, T1
    mov eax, PAGES | 7
    mov ecx, 16
.page:
    mov [rB], eax
    %if ENTRY == 8
    mov dword [rB + 4], 0
    %endif
    add ebx, ENTRY
    add eax, 0x1000
    loop .page
    entry E2, T1 | 7
    %ifdef LONG
    entry E3, T2 | 7
    entry E4, T3 | 7
    %elifdef PAE
    entry E3, T2 | 1
    %endif
    mov dword [PAGES], 0xc3c3c3c3       ; RET
    mov dword [PAGES + 0x1000], 0xc3c3c3c3
    flush
    pop rC
    pop rB
    pop rA
    ret

main:
    %ifndef LONG
    call enable
    %endif
    ; a page whose RET is at its start, read and written behind it
    call rights
    call accesses
    call reserved_bits
    call large_pages
    call fetches
    call invalidation
    call protections
    ret

%ifndef LONG
enable:
    %ifdef PAE
    mov ecx, 4              ; PDPT: 0 identity, 1 for the probe
    mov edi, TABLES
    xor eax, eax
    mov ecx, 0x800
    rep stosd
    mov dword [TABLES], (TABLES + 0x1000) | 1
    xor ecx, ecx
    mov eax, 0x87
.large:
    mov [TABLES + 0x1000 + ecx * 8], eax
    mov dword [TABLES + 0x1000 + ecx * 8 + 4], 0
    add eax, 0x200000
    inc ecx
    cmp ecx, 8
    jne .large
    mov eax, 0x20
    %else
    mov edi, TABLES
    xor eax, eax
    mov ecx, 0x400
    rep stosd
    mov dword [TABLES], 0x87
    mov dword [TABLES + 4], 0x400087
    mov eax, 0x10           ; PSE
    %endif
    mov cr4, eax
    call fresh              ; MOV to CR3 before paging is on
    mov eax, TABLES
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    ret
%endif

; access WRITE, USER: to PROBE + 10h; prints outcome and, if it was done, A and D of the entry's low byte
%macro access 3             ; text, instruction, user
    say %1
    call put_entry
    try
    %if %3
    to_user
    %endif
    %2
    %if %3
    end_ring
    %endif
    endtry
    call plain_outcome
    call entry_state
%endmacro

level: dd 0                 ; address of the entry under test
level_number: dd 0
bits_: dd 0
wp: dd 0

put_entry:                  ; bits 0 to 2 of the entry under test from [bits_]
    push rA
    push rB
    call fresh
    mov ebx, [level]
    mov eax, [rB]
    and eax, ~7
    or eax, [bits_]
    mov [rB], eax
    flush
    pop rB
    pop rA
    ret
entry_state:
    cmp NATIVE [trap_vector], -1
    jne .end
    push rA
    push rB
    mov ebx, [level]
    movzx eax, byte [rB]
    say "/"
    hex 2, rA
    pop rB
    pop rA
.end:
    ret

%macro set_wp 1
    mov rA, cr0
    %if %1
    or eax, 0x10000
    %else
    and eax, ~0x10000
    %endif
    mov cr0, rA
%endmacro

rights:
    mov ecx, [levels]
    mov ebx, levels + 4
.level:
    mov eax, [rB]
    mov [level], eax
    mov dword [bits_], 0
.bits:
    push rB
    push rC
    mov eax, [rB + 4]
    say "E"
    hex 2, rA
    mov eax, [bits_]
    show "bits", 2, rA
    mov rB, PROBE + 0x10
    set_wp 0
    access " read", {mov eax, [rB]}, 0
    access " write", {mov [rB], eax}, 0
    set_wp 1
    access " WP write", {mov [rB], eax}, 0
    access " user read", {mov eax, [rB]}, 1
    access " user write", {mov [rB], eax}, 1
    newline
    set_wp 0
    pop rC
    pop rB
    inc dword [bits_]
    cmp dword [bits_], 8
    jne .bits
    add ebx, 8
    dec ecx
    jnz near .level
    ret
levels:
    dd LEVELS
    dd E1, 1, E2, 2
    %ifdef LONG
    dd E3, 3, E4, 4
    %endif

; page "name", {change of the mapping}, instruction ...: PROBE is in rB
%macro page 3-*
    call fresh
    %2
    flush
    mov rB, PROBE
    case %1
    %rep %0 - 2
    %3
    %rotate 1
    %endrep
    done
%endmacro

accesses:
    page "byte at 123h", {entry E1, 0}, {mov al, [rB + 0x123]}
    page "dword into an absent page", {entry E1 + ENTRY, 0}, {mov eax, [rB + 0xffe]}
    page "dword out of an absent page", {entry E1, 0}, {mov eax, [rB + 0xffe]}
    page "the table absent", {entry E2, 0}, {mov eax, [rB + 0xffe]}
    mov dword [PAGES + 0xffc], 0x11111111
    call fresh
    entry E1 + ENTRY, (PAGES + 0x1000) | 5
    flush
    mov rB, PROBE
    case "a write that crosses into a read-only page"
    to_user
    mov dword [rB + 0xffe], 0x22222222
    end_ring
    done
    mov eax, [PAGES + 0xffc]
    show "first page", 8, rA
    newline
    page "read-modify-write of a read-only page", {entry E1, PAGES | 5}, {set_wp 1}, {add [rB], eax}
    page "cmpxchg that does not match", {entry E1, PAGES | 5}, {set_wp 1}, {xor eax, eax}, {cmpxchg [rB], ecx}
    page "bt reads", {entry E1, PAGES | 5}, {set_wp 1}, {bt dword [rB], 0}
    page "bts writes", {entry E1, PAGES | 5}, {set_wp 1}, {bts dword [rB], 0}
    page "xchg of an absent page", {entry E1, 0}, {xchg [rB], eax}
    page "test of an absent page", {entry E1, 0}, {test [rB], eax}
    page "not of an absent page", {entry E1, 0}, {not dword [rB]}
    page "push to an absent page", {entry E1, 0}, to_user, {lea rSP, [rB + 16]}, {push rA}, end_ring
    page "pop to an absent page", {entry E1, 0}, {push rA}, {pop NATIVE [rB]}
    page "movs from an absent page", {entry E1, 0}, {mov rSI, PROBE}, {mov edi, SCRATCH}, movsd
    page "movs to an absent page", {entry E1, 0}, {mov rDI, PROBE}, {mov esi, SCRATCH}, movsd
    page "cmps, the second absent", {entry E1, 0}, {mov rDI, PROBE}, {mov esi, SCRATCH}, cmpsd
    page "rep stosb into an absent page", {entry E1 + ENTRY, 0}, {lea rDI, [rB + 0xffa]}, {mov ecx, 16}, rep stosb
    mov rA, [TRAP_RCX]
    show "ecx", 8, rA
    mov rA, [TRAP_RDI]
    show "edi", 8, rA
    newline
    page "lgdt's operand", {entry E1, 0}, {lgdt [rB]}
    page "sgdt to a read-only page", {entry E1, PAGES | 5}, {set_wp 1}, {sgdt [rB]}
    page "invlpg of an absent page", {entry E1, 0}, {invlpg [rB]}
    page "prefetch of an absent page", {entry E1, 0}, {prefetchnta [rB]}
    set_wp 0
    ret

; A bit that must be zero in a present entry. The entry may be absent, too: then no bit is reserved.
%macro reserved 3           ; name, entry, bits
    call fresh
    mov eax, [%2]
    or eax, (%3) & 0xffffffff
    mov [%2], eax
    %if ENTRY == 8
    or dword [%2 + 4], (%3) >> 32
    %endif
    %ifdef PAE
    case %1
    flush
    mov rB, PROBE
    mov eax, [rB]
    done
    %else
    flush
    mov rB, PROBE
    case %1
    mov eax, [rB]
    done
    case %1, ", user write"
    to_user
    mov [rB], eax
    end_ring
    done
    %endif
%endmacro
reserved_bits:
    %if ENTRY == 8
    reserved "E1 bit 51", E1, 1 << 51
    reserved "E2 bit 51", E2, 1 << 51
    reserved "E1 bit 63 without NXE", E1, 1 << 63
    reserved "E2 bit 63 without NXE", E2, 1 << 63
    %ifdef LONG
    reserved "E3 bit 51", E3, 1 << 51
    reserved "E4 bit 51", E4, 1 << 51
    reserved "E4 PS", E4, 0x80
    reserved "E1 bits 52 to 58 are ignored", E1, 0x07f0000000000000
    reserved "E2 bits 52 to 62 are ignored", E2, 0x7ff0000000000000
    reserved "E3 bits 52 to 62 are ignored", E3, 0x7ff0000000000000
    %else
    reserved "E1 bit 52", E1, 1 << 52
    reserved "E1 bit 62", E1, 1 << 62
    reserved "E2 bit 62", E2, 1 << 62
    reserved "PDPTE bit 1", E3, 2
    reserved "PDPTE bit 2", E3, 4
    reserved "PDPTE bits 3 and 4 are not", E3, 0x18
    reserved "PDPTE bit 5", E3, 0x20
    reserved "PDPTE bit 7", E3, 0x80
    reserved "PDPTE bit 8", E3, 0x100
    reserved "PDPTE bits 9 to 11 are ignored", E3, 0xe00
    reserved "PDPTE bit 51", E3, 1 << 51
    reserved "PDPTE bit 63", E3, 1 << 63
    page "PDPTE absent", {entry E3, 0}, {mov eax, [rB]}
    call fresh
    mov rB, PROBE
    entry E3, 0xffffffffffffff << 8
    case "bits of an absent PDPTE"
    flush
    mov eax, [rB]
    done
    call fresh
    case "a changed PDPTE counts from the next load of CR3"
    entry E3, 0
    invlpg [rB]
    mov eax, [rB]
    flush
    mov eax, [rB]
    done
    %endif
    page "bits of an absent entry", {entry E1, 0xfffffffffffffffe}, {mov eax, [rB]}
    page "bits of an absent table", {entry E2, 0xfffffffffffffffe}, {mov eax, [rB]}
    %else
    page "bits of an absent entry", {entry E1, 0xfffffffe}, {mov eax, [rB]}
    page "bits of an absent table", {entry E2, 0xfffffffe}, {mov eax, [rB]}
    %endif
    page "ignored bits 9 to 11", {entry E1, PAGES | 0xe07}, {mov eax, [rB]}
    page "PAT bit of a page", {entry E1, PAGES | 0x87}, {mov eax, [rB]}
    page "PWT and PCD", {entry E1, PAGES | 0x1f}, {mov eax, [rB]}
    ret

; A large page over PROBE that begins at 0.
large_pages:
    mov dword [SCRATCH + 0x20], 0x87654321
    call fresh
    entry E2, 0x87
    flush
    mov rB, PROBE
    case "large page, read"
    mov eax, [rB + SCRATCH + 0x20]
    show "value", 8, rA
    done
    movzx eax, byte [E2]
    show "E2", 2, rA
    newline
    case "large page, write"
    mov dword [rB + SCRATCH + 0x20], 0x12345678
    mov eax, [SCRATCH + 0x20]
    show "value", 8, rA
    done
    movzx eax, byte [E2]
    show "E2", 2, rA
    newline
    call fresh
    entry E2, 0x83
    flush
    case "large supervisor page, user read"
    to_user
    mov eax, [rB + 0x20]
    end_ring
    done
    call fresh
    entry E2, 0x85
    flush
    case "large read-only page, user write"
    to_user
    mov [rB + 0x20], eax
    end_ring
    done
    %if ENTRY == 8
    reserved "large page, bit 13", E2, 0x2080
    reserved "large page, bit 20", E2, 0x100080
    call fresh
    entry E2, 0x1087
    flush
    case "large page, PAT bit"
    mov eax, [rB + 0x20]
    done
    %else
    call fresh
    entry E2, 0x200087
    flush
    case "large page, bit 21"
    mov eax, [rB + 0x20]
    done
    call fresh
    entry E2, 0x1087
    flush
    case "large page, PAT bit"
    mov eax, [rB + 0x20]
    done
    %endif
    %ifdef LONG
    mov eax, 0x80000001
    cpuid
    bt edx, 26
    jnc near .no_gigabyte
    call fresh
    entry E3, 0x87
    flush
    case "page of 1 GiB"
    mov eax, [rB + SCRATCH + 0x20]
    show "value", 8, rA
    done
    call fresh
    entry E3, 0x2087
    flush
    case "page of 1 GiB, bit 13"
    mov eax, [rB]
    done
    call fresh
    entry E3, 0x20000087
    flush
    case "page of 1 GiB, bit 29"
    mov eax, [rB]
    done
    ret
.no_gigabyte:
    say "page of 1 GiB: none", 10, "page of 1 GiB, bit 13: none", 10, "page of 1 GiB, bit 29: none", 10
    %endif
    ret

%macro set_cr4 1
    mov rA, cr4
    or eax, %1
    mov cr4, rA
%endmacro
%macro clear_cr4 1
    mov rA, cr4
    and eax, ~(%1)
    mov cr4, rA
%endmacro
%macro fetch_cases 1
    page {%1, "kernel fetch"}, , {call rB}
    page {%1, "kernel fetch of an absent page"}, {entry E1, 0}, {call rB}
    page {%1, "kernel fetch of a supervisor page"}, {entry E1, PAGES | 3}, {call rB}
    page {%1, "user fetch"}, , to_user, {call rB}, end_ring
    page {%1, "user fetch of an absent page"}, {entry E1, 0}, to_user, {call rB}, end_ring
    page {%1, "user fetch of a supervisor page"}, {entry E1, PAGES | 3}, to_user, {call rB}, end_ring
    page {%1, "kernel read of a user page"}, , {mov eax, [rB]}
    page {%1, "user read of a supervisor page"}, {entry E1, PAGES | 3}, to_user, {mov eax, [rB]}, end_ring
    mov word [PAGES + 0xffe], 0xb890    ; NOP, MOV EAX with its operand in the next page
    page {%1, "instruction into an absent page"}, {entry E1 + ENTRY, 0}, {lea rA, [rB + 0xffe]}, {call rA}
%endmacro
fetches:
    fetch_cases "plain, "
    %if ENTRY == 8
    mov ecx, 0xc0000080
    rdmsr
    or eax, 0x800
    wrmsr
    fetch_cases "NXE, "
    page "NXE, kernel fetch of an NX page", {entry E1, PAGES | 7 | 1 << 63}, {call rB}
    page "NXE, user fetch of an NX page", {entry E1, PAGES | 7 | 1 << 63}, to_user, {call rB}, end_ring
    page "NXE, fetch below an NX entry", {entry E2, T1 | 7 | 1 << 63}, {call rB}
    %ifdef LONG
    page "NXE, fetch below an NX entry of level 3", {entry E3, T2 | 7 | 1 << 63}, {call rB}
    %endif
    page "NXE, read of an NX page", {entry E1, PAGES | 7 | 1 << 63}, {mov eax, [rB]}
    page "NXE, write of an NX page", {entry E1, PAGES | 7 | 1 << 63}, {mov [rB], eax}
    page "NXE, reserved bit, fetch", {entry E1, PAGES | 7 | 1 << 51}, {call rB}
    %endif
    %if ENTRY == 8
    mov ecx, 0xc0000080
    rdmsr
    and eax, ~0x800
    wrmsr
    %endif
    ret

; The runtime is in a supervisor page here; user code has only PROBE.
%macro iret_to_probe 0
    push NATIVE UDATA
    lea rA, [rB + 0x2000]
    push rA
    push NATIVE 2
    %ifdef LONG
    push NATIVE UCODE64
    push rB
    iretq
    %else
    push NATIVE UCODE
    push rB
    iretd
    %endif
%endmacro
protections:
    mov byte [IDENTITY], 0x83
    flush
    mov byte [PAGES + 0x10], 0xcd       ; the end of a case
    mov byte [PAGES + 0x11], END_VECTOR
    mov eax, 7
    xor ecx, ecx
    cpuid
    mov [features], ebx
    bt ebx, 7
    jnc near .no_smep
    set_cr4 0x100000
    page "SMEP, kernel fetch of a user page", , {call rB}
    page "SMEP, kernel fetch of a supervisor page", {entry E1, PAGES | 3}, {call rB}
    page "SMEP, kernel fetch below a supervisor entry", {entry E2, T1 | 3}, {call rB}
    page "SMEP, kernel fetch of an absent page", {entry E1, 0}, {call rB}
    page "SMEP, kernel read of a user page", , {mov eax, [rB]}
    page "SMEP, user fetch", , {add rB, 0x10}, iret_to_probe
    page "SMEP, user fetch of a supervisor page", {entry E1, PAGES | 3}, {add rB, 0x10}, iret_to_probe
    clear_cr4 0x100000
.no_smep:
    bt dword [features], 20
    jnc near .no_smap
    set_cr4 0x200000
    page "SMAP, kernel read of a user page", , {mov eax, [rB]}
    page "SMAP, kernel write of a user page", , {mov [rB], eax}
    page "SMAP, read with AC", , stac, {mov eax, [rB]}
    page "SMAP, write with AC", , stac, {mov [rB + 0x20], eax}
    page "SMAP, write of a read-only page with AC", {entry E1, PAGES | 5}, {set_wp 1}, stac, {mov [rB + 0x20], eax}
    set_wp 0
    page "SMAP, read after CLAC", , stac, clac, {mov eax, [rB]}
    page "SMAP, read of a supervisor page", {entry E1, PAGES | 3}, {mov eax, [rB]}
    page "SMAP, read below a supervisor entry", {entry E2, T1 | 3}, {mov eax, [rB]}
    page "SMAP, kernel fetch of a user page", , {call rB}
    page "SMAP, user", , {add rB, 0x10}, iret_to_probe
    mov dword [PAGES + 0x2008], 0x0000ffff
    mov dword [PAGES + 0x200c], 0x00cf9200
    set_descriptor TEST, 0x2000000f, 0x00008200 | (PROBE & 0xff000000)
    set_descriptor TEST + 8, PROBE >> 32, 0
    mov eax, TEST
    lldt ax
    page "SMAP, a descriptor in a user page, with AC", , stac, {mov eax, 0x0c}, {mov fs, ax}
    xor eax, eax
    lldt ax
    clear_cr4 0x200000
    page "stac without SMAP", , stac, {mov eax, [rB]}
.no_smap:
    mov byte [IDENTITY], 0x87
    flush
    ret
features: dd 0

invalidation:
    call fresh
    mov rB, PROBE
    mov dword [PAGES + 0x2004], 0x2222
    mov dword [PAGES + 0x3004], 0x3333
    case "invlpg"
    mov eax, [rB + 0x2004]
    mov dword [E1 + 2 * ENTRY], (PAGES + 0x3000) | 7
    invlpg [rB + 0x2fff]
    mov eax, [rB + 0x2004]
    show "value", 8, rA
    done
    call fresh
    case "mov to cr3"
    mov eax, [rB + 0x2004]
    mov dword [E1 + 2 * ENTRY], (PAGES + 0x3000) | 7
    flush
    mov eax, [rB + 0x2004]
    show "value", 8, rA
    done
    set_cr4 0x80
    call fresh
    case "a change of PGE flushes global pages"
    mov dword [E1 + 2 * ENTRY], (PAGES + 0x2000) | 0x107
    invlpg [rB + 0x2004]
    mov eax, [rB + 0x2004]
    mov dword [E1 + 2 * ENTRY], (PAGES + 0x3000) | 7
    clear_cr4 0x80
    mov eax, [rB + 0x2004]
    show "value", 8, rA
    done
    call fresh
    case "rights that a fault saw"
    mov dword [E1 + 2 * ENTRY], (PAGES + 0x2000) | 5
    invlpg [rB + 0x2004]
    to_user
    mov [rB + 0x2004], eax
    end_ring
    done
    mov dword [E1 + 2 * ENTRY], (PAGES + 0x2000) | 7
    case "more rights need no invalidation after a fault"
    to_user
    mov [rB + 0x2004], eax
    end_ring
    done
    case "an entry that became present"
    mov dword [E1 + 3 * ENTRY], 0
    invlpg [rB + 0x3000]
    mov dword [E1 + 3 * ENTRY], (PAGES + 0x3000) | 7
    mov eax, [rB + 0x3004]
    show "value", 8, rA
    done
    ret

    rom_end
