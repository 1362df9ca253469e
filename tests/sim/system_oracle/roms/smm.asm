; System management mode: what an SMI saves and sets, what RSM brings back, SMBASE, and what stays blocked in it. The SMI is an
; IPI of the local APIC to its own processor; state save map of 64-bit processors. SDM vol. 3C chapter 30 (30.3 to 30.11).
%include "runtime/protected.inc"
%include "runtime/apic.inc"
%include "runtime/smm.inc"

%define OTHER_SMBASE 0x60000

; What the handler reports and is told, at SCRATCH
struc smm
    .runs resd 1
    .command resd 1
    .cr0 resd 1
    .cr4 resd 1
    .eflags resd 1
    .selectors resw 6
    .dr7 resd 1
    .ip resd 1
    .code_base resd 1
    .saved_rax resd 1
    .saved_rbx resd 1
    .saved_flags resd 1
    .saved_cr0 resd 1
    .saved_cr3 resd 1
    .saved_dr7 resd 1
    .saved_cs resw 1
    .saved_ss resw 1
    .revision resd 1
    .smbase resd 1
    .far resd 1
endstruc
%define RESULT(field) (SCRATCH + smm. %+ field)
%define RELOCATE 1
%define CHANGE 2
%define SEND_NMI 3
%define SEND_SMI 4
%define RELOCATE_BACK 5

; Sends an SMI and waits until the handler has run.
%macro take_smi 0
    mov ecx, [RESULT(runs)]
    send SMI_IPI, 0
    mov edx, 1000000
  %%wait:
    dec edx
    jz %%there
    cmp ecx, [RESULT(runs)]
    je %%wait
  %%there:
%endmacro

install:                    ; at EDI, the entry point
    mov esi, handler
    mov ecx, handler_end - handler
    rep movsb
    ret

main:
    mov edi, SMBASE + 0x8000
    call install
    mov edi, OTHER_SMBASE + 0x8000
    call install
    mov edi, SCRATCH
    mov ecx, smm_size / 4 + 1
    xor eax, eax
    rep stosd
    mov dword [0x100ff0], 0x600dda7a    ; beyond 1 MiB, for the handler's DS
    enable_apic
    mov dword [SMBASE + MAP_REVISION], 0

    case "rsm outside SMM"
    rsm
    done
    case "SMI"
    mov eax, 0x1ac1a1a1
    mov ebx, 0x2bc2b2b2
    mov esi, 0x33333333
    mov edi, 0x44444444
    mov ebp, 0x55555555
    push dword 0x244ed5
    popfd
    take_smi
    pushfd
    pop edx
    show "eax", 8, eax
    show "ebx", 8, ebx
    show "esi", 8, esi
    show "edi", 8, edi
    show "ebp", 8, ebp
    and edx, 0x247700
    show "flags", 8, edx
    push dword 2
    popfd
    done
    show "runs", 2, {dword [RESULT(runs)]}
    show "cr0", 8, {dword [RESULT(cr0)]}
    show "cr4", 8, {dword [RESULT(cr4)]}
    show "eflags", 8, {dword [RESULT(eflags)]}
    show "dr7", 8, {dword [RESULT(dr7)]}
    show "ip", 4, {dword [RESULT(ip)]}
    newline
    show "es", 4, {dword [RESULT(selectors)]}
    show "cs", 4, {dword [RESULT(selectors) + 2]}
    show "ss", 4, {dword [RESULT(selectors) + 4]}
    show "ds", 4, {dword [RESULT(selectors) + 6]}
    show "fs", 4, {dword [RESULT(selectors) + 8]}
    show "gs", 4, {dword [RESULT(selectors) + 10]}
    show "beyond 1 MiB", 8, {dword [RESULT(far)]}
    newline
    say "saved:"
    show "rax", 8, {dword [RESULT(saved_rax)]}
    show "rbx", 8, {dword [RESULT(saved_rbx)]}
    mov eax, [RESULT(saved_flags)]
    and eax, 0x247700
    show "flags", 8, eax
    show "cr0", 8, {dword [RESULT(saved_cr0)]}
    show "cr3", 8, {dword [RESULT(saved_cr3)]}
    show "dr7", 8, {dword [RESULT(saved_dr7)]}
    show "cs", 4, {dword [RESULT(saved_cs)]}
    show "ss", 4, {dword [RESULT(saved_ss)]}
    show "smbase", 8, {dword [RESULT(smbase)]}
    mov eax, [RESULT(revision)]
    and eax, 0x20000        ; relocation is there
    show "revision", 8, eax
    newline

    case "the handler changes what RSM brings back"
    mov dword [RESULT(command)], CHANGE
    mov eax, 1
    mov ebx, 2
    take_smi
    show "eax", 8, eax
    show "ebx", 8, ebx
    done
    case "debug registers and CR0 come back"
    mov eax, 0x00000701
    mov dr7, eax
    mov eax, cr0
    or eax, 0x0a            ; TS, MP
    mov cr0, eax
    take_smi
    mov eax, dr7
    show "dr7", 8, eax
    mov eax, cr0
    and eax, 0x3f & ~0x30
    show "cr0", 8, eax
    show "there", 8, {dword [RESULT(dr7)]}
    mov eax, [RESULT(cr0)]
    and eax, 0x8000000f
    show "", 8, eax
    clts
    done
    mov eax, 0x400
    mov dr7, eax
    case "at CPL 3"
    to_user 0x40202
    take_smi
    end_ring
    done
    mov eax, [trap_flags]
    and eax, 0x247700
    show "flags", 8, eax
    show "saved cs", 4, {dword [RESULT(saved_cs)]}
    show "ss", 4, {dword [RESULT(saved_ss)]}
    newline
    case "SMBASE moves with RSM"
    mov dword [RESULT(command)], RELOCATE
    take_smi
    show "first at", 8, {dword [RESULT(smbase)]}
    take_smi
    show "then at", 8, {dword [RESULT(smbase)]}
    mov eax, [RESULT(selectors) + 2]
    movzx eax, ax
    show "cs", 4, eax
    mov dword [RESULT(command)], RELOCATE_BACK
    take_smi
    take_smi
    show "back at", 8, {dword [RESULT(smbase)]}
    done
    case "an SMI in SMM waits for RSM"
    mov dword [RESULT(runs)], 0
    mov dword [RESULT(command)], SEND_SMI
    take_smi
    mov ecx, 10000
.second:
    cmp dword [RESULT(runs)], 2
    loopne .second
    show "runs", 2, {dword [RESULT(runs)]}
    done
    say "an NMI in SMM waits for RSM:"
    try
    mov dword [RESULT(command)], SEND_NMI
    take_smi
    mov ecx, 10000
.nmi:
    pause
    loop .nmi
    endtry
    outcome
    newline
    ret

bits 16
handler:
    mov [dword RESULT(saved_rbx)], ebx
    mov eax, cr0
    mov [dword RESULT(cr0)], eax
    mov eax, cr4
    mov [dword RESULT(cr4)], eax
    pushfd
    pop dword [dword RESULT(eflags)]
    mov eax, dr7
    mov [dword RESULT(dr7)], eax
    call .here
.here:
    pop ax
    sub ax, .here - handler
    movzx eax, ax
    mov [dword RESULT(ip)], eax
    mov [dword RESULT(selectors)], es
    mov [dword RESULT(selectors) + 2], cs
    mov [dword RESULT(selectors) + 4], ss
    mov [dword RESULT(selectors) + 6], ds
    mov [dword RESULT(selectors) + 8], fs
    mov [dword RESULT(selectors) + 10], gs
    mov eax, [dword 0x100ff0]
    mov [dword RESULT(far)], eax
%macro saved 2
    mov eax, [cs:%2]
    mov [dword RESULT(%1)], eax
%endmacro
    saved saved_rax, MAP_RAX
    saved saved_rbx, MAP_RBX
    saved saved_flags, MAP_RFLAGS
    saved saved_cr0, MAP_CR0
    saved saved_cr3, MAP_CR3
    saved saved_dr7, MAP_DR7
    saved revision, MAP_REVISION
    saved smbase, MAP_SMBASE
    mov ax, [cs:MAP_CS]
    mov [dword RESULT(saved_cs)], ax
    mov ax, [cs:MAP_SS]
    mov [dword RESULT(saved_ss)], ax
    mov eax, [dword RESULT(command)]
    mov dword [dword RESULT(command)], 0
    cmp al, RELOCATE
    jne .not_relocate
    mov dword [cs:MAP_SMBASE], OTHER_SMBASE
.not_relocate:
    cmp al, RELOCATE_BACK
    jne .not_back
    mov dword [cs:MAP_SMBASE], SMBASE
.not_back:
    cmp al, CHANGE
    jne .not_change
    mov dword [cs:MAP_RAX], 0x77777777
    mov dword [cs:MAP_RBX], 0x88888888
.not_change:
    cmp al, SEND_NMI
    jne .not_nmi
    mov dword [dword ICR_HIGH], 0
    mov dword [dword ICR_LOW], NMI_IPI
.not_nmi:
    cmp al, SEND_SMI
    jne .not_smi
    mov dword [dword ICR_HIGH], 0
    mov dword [dword ICR_LOW], SMI_IPI
.not_smi:
    mov cx, 1000
.settle:
    loop .settle
    ; registers of the handler do not matter
    mov esi, -1
    mov edi, -1
    mov ebp, -1
    inc dword [dword RESULT(runs)]
    rsm
handler_end:
bits 32

    rom_end
