; State save maps that RSM answers with shutdown, and some that it accepts. Shutdown resets this kind of machine, and the
; program goes on behind it. SDM vol. 3C 30.3 (RSM); vol. 3A 2.5 (CR0, CR4).
%include "runtime/protected.inc"
%include "runtime/restart.inc"
%include "runtime/smm_patch.inc"

%define LINE_OPEN 0x508     ; a case has begun its line

main:
    call install_handler
    cmp dword [PHASE], 0
    je .go
    cmp byte [LINE_OPEN], 0
    je .go
    say " shutdown", 10
.go:
    mov byte [LINE_OPEN], 0
    go_to_phase phases

phases:
    dd accepted_maps, cr4_bit15, cr4_bit26, cr4_bit31, pcide, nw_without_cd, pg_without_pe, last

; accepted "name", OFFSET, CLEAR, SET: the handler changes the map like this, and RSM returns
%macro accepted 4
    say %1, ":"
    mov byte [LINE_OPEN], 1
    patch %2, %3, %4
    call take_smi
    mov byte [LINE_OPEN], 0
    say " ok"
    newline
%endmacro
; shuts_down "name", OFFSET, CLEAR, SET: a phase
%macro shuts_down 4
    reset_ends_phase
    accepted %1, %2, %3, %4
    go_to_phase phases
%endmacro

accepted_maps:
    accepted "no change", MAP_RAX, 0, 0
    accepted "cr0, reserved bits of the lower half", MAP_CR0, 0, 0x0000ffc0
    mov eax, cr0
    and eax, 0x0000ffc0
    show "cr0", 8, eax
    newline
    accepted "cr0, CD and NW", MAP_CR0, 0, 0x60000000
    mov eax, cr0
    mov ebx, eax
    and ebx, 0x60000000
    show "cr0", 8, ebx
    newline
    and eax, ~0x60000000
    mov cr0, eax
    accepted "cr4, DE", MAP_CR4, 0, 8
    mov eax, cr4
    show "cr4", 8, eax
    newline
    xor eax, eax
    mov cr4, eax
    reset_ends_phase        ; the others begin with what a reset leaves

cr4_bit15:
    shuts_down "cr4, bit 0F", MAP_CR4, 0, 1 << 15
cr4_bit26:
    shuts_down "cr4, bit 1A", MAP_CR4, 0, 1 << 26
cr4_bit31:
    shuts_down "cr4, bit 1F", MAP_CR4, 0, 1 << 31
pcide:
    shuts_down "cr4, PCIDE outside long mode", MAP_CR4, 0, 1 << 17
nw_without_cd:
    shuts_down "cr0, NW without CD", MAP_CR0, 0x40000000, 0x20000000
pg_without_pe:
    shuts_down "cr0, PG without PE", MAP_CR0, 1, 0x80000000
last:
    last_phase

    rom_end
