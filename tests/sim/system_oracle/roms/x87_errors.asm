; x87 exceptions with CR0.NE = 0: FERR# to IRQ13, the wait of the next waiting instruction, port F0h and IGNNE#; and #MF with
; NE = 1. SDM vol. 1 8.7, D.2; vol. 3A 2.5; 82371SB (PIIX3) coprocessor error register and XBCS. The 8259s, the local APIC
; and the PIIX3 are programmed as a BIOS does.
%include "runtime/protected.inc"

%define APIC 0xfee00000
%define MASTER 0x20
%define SLAVE 0xa0
%define IRQ13 45            ; vectors while the 8259s count from 20h
%define NE 0x20
%define TS 0x08
%define RESULTS SCRATCH
%define handled RESULTS     ; runs of a handler

; pics MASTER_BASE, SLAVE_BASE: both initialised, everything masked
%macro pic 3
    mov al, 0x11
    out %1, al
    mov al, %2
    out %1 + 1, al
    mov al, %3
    out %1 + 1, al
    mov al, 1
    out %1 + 1, al
    mov al, 0xff
    out %1 + 1, al
%endmacro
%macro pics 2
    pic MASTER, %1, 4
    pic SLAVE, %2, 2
%endmacro

; For processors that take the interrupt later than they may.
%macro slack 0
    jmp short %%next
  %%next:
    nop
%endmacro

; error "name", instruction ...: IRQ13 open, interrupts on, division by zero unmasked; distances count from the first
; instruction
%macro error 2-*
    case %1
    call prepare
    sti
    origin
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    slack
    cli
    done
    call settle
%endmacro
; The same, but the program opens the interrupts itself.
%macro later 2-*
    case %1
    call prepare
    origin
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    slack
    cli
    done
    call settle
%endmacro
; No interrupt reaches the processor.
%macro closed 2-*
    case %1
    call prepare
    mov al, 0xff
    out SLAVE + 1, al
    origin
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    done
    call settle
%endmacro

; set_cr0 SET, CLEAR
%macro set_cr0 2
    mov eax, cr0
    or eax, %1
    and eax, ~(%2)
    mov cr0, eax
%endmacro

; The exception becomes pending: 1 / 0.
%macro divide 0
    fld1
    fldz
    fdivr st0, st1
%endmacro

; Prints bit 5 of the slave's request register: IRQ13.
%macro request 0
    mov al, 0x0a
    out SLAVE, al
    in al, SLAVE
    movzx eax, al
    and eax, 0x20
    show "request", 2, eax
%endmacro
%macro status 0
    xor eax, eax
    fnstsw ax
    show "fsw", 4, eax
%endmacro

; NE = 0, only division by zero unmasked, IRQ13 the only interrupt that is open. (FLDENV and not FNINIT: QEMU has it deassert
; IGNNE#.)
prepare:
    set_cr0 0, NE | TS
    fldenv [environment]
    mov dword [handled], 0
    mov al, 0xfb
    out MASTER + 1, al
    mov al, 0xdf
    out SLAVE + 1, al
    ret
environment: dd 0xffff037b, 0xffff0000, 0xffffffff, 0, 0, 0, 0
control_word: dw 0x37b
all_masked: dw 0x37f

; Nothing pending, nothing in service.
settle:
    cli
    set_cr0 0, NE | TS
    fninit
    out 0xf0, al
    pics 0x20, 0x28
    ret

; xbcs VALUE: of the PIIX3; 23h opens coprocessor errors, 03h is what a reset leaves
%macro xbcs 1
    push eax
    push edx
    mov edx, 0xcf8
    mov eax, 0x8000084c
    out dx, eax
    mov edx, 0xcfe
    mov ax, %1
    out dx, ax
    pop edx
    pop eax
%endmacro

end_of_interrupt:
    push eax
    mov al, 0x20
    out SLAVE, al
    out MASTER, al
    pop eax
    ret

main:
    mov eax, cr4
    or eax, 0x200           ; OSFXSR
    mov cr4, eax
    or dword [APIC + 0xf0], 0x100       ; on, LINT0 is ExtINT: virtual wire mode
    mov dword [APIC + 0x350], 0x700
    xbcs 0x23
    call settle
    call clearing
    call gate
    call native
    call waiting
    call handlers
    call real
    ret

clearing:
    closed "masked exceptions", {fldcw [all_masked]}, divide, fwait, status, request
    closed "device not available comes first", divide, {set_cr0 TS, 0}, fld1
    closed "non-waiting instructions run", divide, status, {fnstcw [RESULTS + 16]}, {fnstsw [RESULTS + 16]}, status
    closed "fxsave runs", divide, {fxsave [RESULTS + 16]}, {movzx eax, word [RESULTS + 18]}, {show "saved fsw", 4, eax}, status
    closed "fnstenv masks it", divide, {fnstenv [RESULTS + 16]}, status, fwait
    closed "fnsave", divide, {fnsave [RESULTS + 16]}, status, fwait
    closed "fnclex", divide, fnclex, status, fwait
    closed "fninit", divide, fninit, status, fwait
    closed "sse instructions do not ask", divide, {pxor xmm0, xmm0}, status
    closed "request and port F0h", divide, request, {out 0xf0, al}, request, status, fwait
    ret

gate:
    closed "XBCS bit 5 set", divide, request
    xbcs 3
    closed "XBCS bit 5 clear", divide, request
    closed "XBCS bit 5 set while it pends", divide, {xbcs 0x23}, request
    ret

native:
    closed "NE = 1: fwait", {set_cr0 NE, 0}, divide, request, fwait
    closed "NE = 1: fld1", {set_cr0 NE, 0}, divide, fld1
    closed "NE = 1: movd mm0, eax", {set_cr0 NE, 0}, divide, {movd mm0, eax}
    closed "NE set while it pends: fwait", divide, {set_cr0 NE, 0}, fwait
    later "NE = 1, irq 13 open", {set_cr0 NE, 0}, sti, divide, nop, nop, fnclex, fwait
    ret

waiting:
    error "fwait", divide, fwait
    error "fld1", divide, fld1
    error "fadd", divide, {fadd dword [RESULTS + 16]}
    error "fst", divide, {fst dword [RESULTS + 16]}
    error "fldcw", divide, {fldcw [all_masked]}
    error "frstor", divide, {frstor [RESULTS + 16]}
    error "finit, which waits", divide, finit
    error "movd mm0, eax", divide, {movd mm0, eax}
    error "emms", divide, emms
    error "unmasked by fldcw", {fldcw [all_masked]}, divide, {fldcw [control_word]}, fwait
    later "state loaded by frstor", {fldcw [all_masked]}, divide, {fnsave [RESULTS + 16]}, {mov byte [RESULTS + 16], 0x7b}, \
        {frstor [RESULTS + 16]}, status, sti, nop, fwait
    later "state loaded by fxrstor", {fldcw [all_masked]}, divide, {fxsave [RESULTS + 16]}, {mov byte [RESULTS + 16], 0x7b}, \
        {fxrstor [RESULTS + 16]}, status, sti, nop, fwait
    later "interrupts off until just before fwait", divide, nop, nop, sti, nop, fwait
    case "at CPL 3"
    call prepare
    to_user 0x202
    origin
    divide
    fwait
    slack
    end_ring
    done
    call settle
    case "irq 13 masked: the wait ends with irq 0"
    call prepare
    mov al, 0xfe
    out MASTER + 1, al
    mov al, 0xff
    out SLAVE + 1, al
    mov al, 0x30            ; counter 0, mode 0
    out 0x43, al
    mov al, 0x00
    out 0x40, al
    mov al, 0x08
    out 0x40, al
    sti
    origin
    divide
    nop
    fwait
    slack
    cli
    done
    call settle
    ret

; A handler that goes back to the instruction. BH says what it does.
%define PORT_F0 1           ; writes port F0h first
%define USE_X87 2           ; executes waiting instructions behind that
%define CLEAR 4             ; FNCLEX
%define PORT_F0_LAST 8      ; writes port F0h at the end
handler:
    push eax
    inc dword [handled]
    test bh, PORT_F0
    jz .no_port
    out 0xf0, al
.no_port:
    test bh, USE_X87
    jz .no_x87
    fldz
    fstp st0
    fwait
.no_x87:
    test bh, CLEAR
    jz .no_clear
    fnclex
.no_clear:
    test bh, PORT_F0_LAST
    jz .end
    out 0xf0, al
.end:
    call end_of_interrupt
    pop eax
    iretd

%macro handled_error 3-*    ; "name", what the handler does, instruction ...
    case %1
    call prepare
    mov bh, %2
    sti
    origin
    %rep %0 - 2
    %3
    %rotate 1
    %endrep
    slack
    cli
    show "runs", 2, {dword [handled]}
    status
    done
    call settle
%endmacro

handlers:
    set_gate IRQ13, CODE, handler, 0x8e00
    handled_error "port F0h, fnclex", PORT_F0 | CLEAR, divide, fwait
    handled_error "fnclex, port F0h", CLEAR | PORT_F0_LAST, divide, fwait
    handled_error "port F0h, x87 instructions, fnclex", PORT_F0 | USE_X87 | CLEAR, divide, fwait
    handled_error "port F0h alone: the error is ignored", PORT_F0, divide, fwait, fld1
    handled_error "two errors", PORT_F0 | CLEAR, divide, fwait, fninit, {fldcw [control_word]}, divide, fwait
    handled_error "two errors, port F0h last", CLEAR | PORT_F0_LAST, divide, fwait, fninit, {fldcw [control_word]}, divide, fwait
    handled_error "port F0h without an error before", PORT_F0 | CLEAR, {out 0xf0, al}, divide, fwait
    reset_gate IRQ13
    ret

; As in a PC under DOS: IRQ13 is INT 75h.
real:
    say "real mode, int 75h:"
    call prepare
    pics 0x08, 0x70
    mov al, 0xfb
    out MASTER + 1, al
    mov al, 0xdf
    out SLAVE + 1, al
    mov word [0x75 * 4], real_handler - BASE
    mov word [0x75 * 4 + 2], BASE >> 4
    mov [.stack], esp
    jmp CODE16:.leave - BASE
bits 16
.leave:
    mov eax, DATA16
    mov ds, ax
    mov es, ax
    mov ss, ax
    lidt [.ivt - BASE]
    mov eax, cr0
    and al, ~1
    mov cr0, eax
    jmp BASE >> 4:.real - BASE
.real:
    mov ax, BASE >> 4
    mov ds, ax
    mov es, ax
    xor ax, ax
    mov ss, ax
    mov sp, USER_STACK
    xor bx, bx
    sti
    divide
.fwait:
    fwait
    slack
    cli
    lgdt [gdt_pointer - BASE]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword CODE:.back
bits 32
.back:
    mov ax, DATA
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, [.stack]
    lidt [idt_pointer]
    movzx ebx, bx
    show "runs", 2, ebx
    movzx ecx, cx
    sub ecx, .fwait - BASE
    show "return", 4, ecx
    movzx edx, dx
    show "fsw there", 4, edx
    status
    newline
    call settle
    ret
.stack: dd 0
.ivt: dw 0x3ff
    dd 0

bits 16
real_handler:
    push bp
    mov bp, sp
    mov cx, [bp + 2]
    pop bp
    fnstsw ax
    mov dx, ax
    inc bx
    out 0xf0, al
    mov al, 0x20
    out SLAVE, al
    out MASTER, al
    fnclex
    iret
bits 32

    rom_end
