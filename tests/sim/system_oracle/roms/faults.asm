; Exceptions during the delivery of exceptions: serial, double fault, shutdown; #NM, #MF, #XM and the control bits behind them;
; #AC; which of several exceptions comes first. SDM vol. 3A 2.5, 6.9, 6.15; vol. 1 8.7, 11.5.
%include "runtime/protected.inc"
%include "runtime/restart.inc"

; Two pages of linear space, the first over PAGES, the second over PAGES + 1000h.
%define PROBE 0x40000000
%define TABLE MORE_TABLES

main:
    go_to_phase .phases
.phases: dd .first, after_shutdown, after_second_shutdown
.first:
    call enable_paging
    call deliveries
    call priorities
    call numeric
    call alignment
    jmp shutdowns

enable_paging:
    mov edi, TABLES
    xor eax, eax
    mov ecx, 0x400
    rep stosd
    mov dword [TABLES], 0x87
    mov dword [TABLES + 4], 0x400087
    mov dword [TABLES + 0x400], TABLE | 7
    mov dword [TABLE], PAGES | 7
    mov dword [TABLE + 4], (PAGES + 0x1000) | 7
    mov eax, 0x10           ; PSE
    mov cr4, eax
    mov eax, TABLES
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80010000      ; PG, WP
    mov cr0, eax
    ret

; The IDT so that gate 14 is the first in the second page. split FIRST, SECOND: presence of the pages
%define SPLIT_IDT (PROBE + 0x1000 - 14 * 8)
%macro split 2
    mov esi, IDT
    mov edi, PAGES + 0x1000 - 14 * 8
    mov ecx, VECTORS * 8
    rep movsb
    mov dword [TABLE], PAGES | 6 | %1
    mov dword [TABLE + 4], (PAGES + 0x1000) | 6 | %2
    invlpg [PROBE]
    invlpg [PROBE + 0x1000]
    mov dword [.pointer + 2], SPLIT_IDT
    lidt [.pointer]
%endmacro
%macro whole 0
    lidt [idt_pointer]
    mov dword [TABLE], PAGES | 7
    mov dword [TABLE + 4], (PAGES + 0x1000) | 7
    invlpg [PROBE]
    invlpg [PROBE + 0x1000]
%endmacro
; delivery "name", {before}, code: at CPL 3
%macro delivery 3+
    %2
    case %1
    to_user
    mov esp, USER_STACK
    mov ebx, 0x50000000     ; absent
    origin
    %3
    end_ring
    done
    whole
%endmacro
%macro absent_gate 1
    and byte [IDT + (%1) * 8 + 5], ~0x80
%endmacro
%macro present_gate 1
    or byte [IDT + (%1) * 8 + 5], 0x80
%endmacro

deliveries:
    ; a page fault in the delivery of another exception
    delivery "benign, then #PF", {split 0, 1}, ud2
    delivery "#BR, then #PF", {split 0, 1}, bound eax, [.bounds]
    delivery "INT n, then #PF", {split 0, 1}, int3
    delivery "contributory, then #PF", {split 0, 1}, hlt
    delivery "#DE, then #PF", {split 0, 1}, aam 0
    delivery "#PF, then #PF", {split 1, 0}, mov eax, [ebx]
    ; a contributory one
    delivery "benign, then contributory", absent_gate 6, ud2
    present_gate 6
    delivery "contributory, then contributory", absent_gate 13, hlt
    present_gate 13
    delivery "#DE, then contributory", absent_gate 0, aam 0
    present_gate 0
    delivery "#PF, then contributory", absent_gate 14, mov eax, [ebx]
    present_gate 14
    delivery "#NP, then contributory", absent_gate 11, {mov ds, [.absent]}
    present_gate 11
    absent_gate 6
    absent_gate 11
    delivery "benign, contributory, contributory", {}, ud2
    present_gate 6
    present_gate 11
    ; the TSS's stack of ring 1 is absent
    mov dword [TSS + 12], 0x50000010
    set_descriptor TEST + 8, 0x0000ffff, 0x00cfba00
    set_descriptor TEST + 16, 0x0000ffff, 0x00cfb200
    mov dword [TSS + 16], (TEST + 16) | 1
    set_gate 6, (TEST + 8) | 1, landing, 0x8e00
    delivery "the inner stack absent", {}, ud2
    set_gate 13, (TEST + 8) | 1, landing, 0x8e00
    delivery "the inner stack absent, contributory first", {}, hlt
    set_gate 14, (TEST + 8) | 1, landing, 0x8e00
    delivery "the inner stack absent, #PF first", {}, mov eax, [ebx]
    reset_gate 6
    reset_gate 13
    reset_gate 14
    ; the error code and the saved state of a double fault
    case "the frame of #DF"
    absent_gate 13
    to_user 0x202
    mov esp, USER_STACK
    origin
    hlt
    done
    present_gate 13
    show "sp", 8, {dword [trap_sp]}
    show "cs", 4, {dword [trap_cs]}
    newline
    ret
.pointer: dw VECTORS * 8 - 1
    dd 0
.bounds: dd 1, 2
.absent: dw (TEST + 32) | 3

%define absent(name) name, 0x002, {lines {mov esp, USER_STACK}, {mov ebx, 0x50000000}}
priorities:
    set_descriptor TEST, 0x00000fff, 0x5040f200     ; 4 KiB at 50000000h
    user_lines absent("limit before page"), {mov eax, TEST | 3}, {mov es, ax}, {mov eax, [es:0xffe]}
    user_lines absent("null segment before page"), {xor eax, eax}, {mov es, ax}, {mov eax, [es:ebx]}
    user_lines absent("privilege before operand: lgdt"), {lgdt [ebx]}
    user_lines absent("privilege before operand: lmsw"), {lmsw [ebx]}
    user_lines absent("#UD before operand: lock mov"), {db 0xf0, 0x8b, 0x03}
    user_lines absent("#UD before operand: 0F FF"), {db 0x0f, 0xff, 0x03}
    user_lines absent("#DE, operand absent"), {div dword [ebx]}
    user_lines absent("bound, operand absent"), {bound eax, [ebx]}
    user_lines absent("second page of an instruction absent"), {mov edi, PROBE + 0x1ffe}, {mov byte [edi], 0xb8}, {origin_at PROBE + 0x1ffe}, {jmp edi}
    user_lines absent("call: the stack before the target"), {mov esp, ebx}, {call [.pointer]}
    user_lines absent("far jump: the descriptor before the limit"), {jmp 0x1000:0xffffffff}
    user_lines absent("in, no permission, before the page"), {mov edi, ebx}, {mov edx, 0x80}, insb
    ret
.pointer: dd 0xffffffff

%macro set_cr0 2            ; bits to set, to clear
    mov eax, cr0
    or eax, %1
    and eax, ~(%2)
    mov cr0, eax
%endmacro
%define MP 2
%define EM 4
%define TS 8
%define NE 0x20
; fpu "name", set, clear, code
%macro fpu 4-*
    set_cr0 %2, %3
    case %1
    mov ebx, SCRATCH
    origin
    %rep %0 - 3
    %4
    %rotate 1
    %endrep
    done
    set_cr0 NE, MP | EM | TS
    fninit
%endmacro
numeric:
    set_cr0 NE, MP | EM | TS
    fninit
    fpu "fninit", 0, 0, fninit
    fpu "TS: fld1", TS, 0, fld1
    fpu "TS: fninit", TS, 0, fninit
    fpu "TS: fwait", TS, MP, fwait
    fpu "TS and MP: fwait", TS | MP, 0, fwait
    fpu "MP: fwait", MP, TS, fwait
    fpu "EM: fld1", EM, 0, fld1
    fpu "EM: fnstsw ax", EM, 0, {fnstsw ax}
    fpu "EM: fwait", EM, 0, fwait
    fpu "EM and MP and TS: fwait", EM | MP | TS, 0, fwait
    fpu "clts ends it", TS, 0, clts, fld1
    ; a pending unmasked exception
    %macro pending 2-*
    fpu %1, 0, 0, {mov word [ebx], 0x037b}, {fldcw [ebx]}, {fld1}, {fldz}, {fdivp}, {%2}
    %endmacro
    pending "#Z is pending: fld1", fld1
    pending "#Z is pending: fwait", fwait
    pending "#Z is pending: fnstsw ax", {fnstsw ax}
    pending "#Z is pending: fninit", fninit
    pending "#Z is pending: fnclex", fnclex
    pending "#Z is pending: fnstcw", {fnstcw [ebx]}
    pending "#Z is pending: nop", nop
    pending "#Z is pending: fxch", fxch
    mov eax, 1
    cpuid
    mov [.features], edx
    bt edx, 23
    jnc near .end
    fpu "TS: movd mm0", TS, 0, {movd mm0, eax}
    fpu "EM: movd mm0", EM, 0, {movd mm0, eax}
    fpu "EM and TS: emms", EM | TS, 0, emms
    pending "#Z is pending: movd mm0", {movd mm0, eax}
    bt dword [.features], 25
    jnc near .end
    mov eax, cr4
    and eax, ~0x600
    mov cr4, eax
    fpu "OSFXSR clear: addps", 0, 0, {addps xmm0, xmm1}
    fpu "OSFXSR clear: prefetchnta", 0, 0, {prefetchnta [ebx]}
    fpu "OSFXSR clear: ldmxcsr", 0, 0, {ldmxcsr [ebx]}
    fpu "OSFXSR clear: fxsave", 0, 0, {fxsave [ebx]}
    mov eax, cr4
    or eax, 0x200
    mov cr4, eax
    fpu "TS: addps", TS, 0, {addps xmm0, xmm1}
    fpu "EM: addps", EM, 0, {addps xmm0, xmm1}
    fpu "EM and TS: addps", EM | TS, 0, {addps xmm0, xmm1}
    fpu "TS: fxsave", TS, 0, {fxsave [ebx]}
    fpu "EM: fxsave", EM, 0, {fxsave [ebx]}
    fpu "fxsave misaligned", 0, 0, {fxsave [ebx + 8]}
    fpu "movaps misaligned", 0, 0, {movaps xmm0, [ebx + 8]}
    fpu "movups misaligned", 0, 0, {movups xmm0, [ebx + 8]}
    fpu "movaps misaligned, absent", 0, 0, {mov ebx, 0x50000008}, {movaps xmm0, [ebx]}
    fpu "ldmxcsr, reserved bits", 0, 0, {mov dword [ebx], 0xffff0000}, {ldmxcsr [ebx]}
    %macro divide 1
    fpu %1, 0, 0, {mov dword [ebx], 0x1d80}, {ldmxcsr [ebx]}, {mov eax, 0x3f800000}, {movd xmm0, eax}, {xorps xmm1, xmm1}, {divss xmm0, xmm1}
    stmxcsr [SCRATCH]
    show "mxcsr", 4, {dword [SCRATCH]}
    newline
    mov dword [SCRATCH], 0x1f80
    ldmxcsr [SCRATCH]
    %endmacro
    divide "OSXMMEXCPT clear: unmasked #Z"
    mov eax, cr4
    or eax, 0x400
    mov cr4, eax
    divide "OSXMMEXCPT set: unmasked #Z"
.end:
    ret
.features: dd 0

; with AC in EFLAGS
%define aligned(name) name, 0x40002, {lines {mov esp, USER_STACK}, {mov ebx, SCRATCH}}
alignment:
    set_cr0 0x40000, 0
    user_lines aligned("byte"), {mov al, [ebx + 1]}
    user_lines aligned("word at 1"), {mov ax, [ebx + 1]}
    user_lines aligned("word at 2"), {mov ax, [ebx + 2]}
    user_lines aligned("dword at 2"), {mov eax, [ebx + 2]}
    user_lines aligned("dword at 4, written"), {mov [ebx + 4], eax}
    user_lines aligned("dword at 1, written"), {mov [ebx + 1], eax}
    user_lines aligned("add to a dword at 3"), {add [ebx + 3], eax}
    user_lines aligned("push"), {mov esp, USER_STACK - 2}, {push eax}
    user_lines aligned("pushw at 2"), {push ax}
    user_lines aligned("pusha"), {mov esp, USER_STACK - 2}, pushad
    user_lines aligned("call"), {mov esp, USER_STACK - 1}, {call $ + 5}
    user_lines aligned("enter"), {mov esp, USER_STACK - 2}, {enter 8, 0}
    user_lines aligned("movsd, source"), {lea esi, [ebx + 1]}, {lea edi, [ebx + 8]}, movsd
    user_lines aligned("movsd, destination"), {mov esi, ebx}, {lea edi, [ebx + 9]}, movsd
    user_lines aligned("movsb"), {lea esi, [ebx + 1]}, {lea edi, [ebx + 9]}, movsb
    user_lines aligned("cmpxchg8b at 4"), {cmpxchg8b [ebx + 4]}
    user_lines aligned("fld dword at 2"), {fld dword [ebx + 2]}
    user_lines aligned("fld qword at 4"), {fld qword [ebx + 4]}
    user_lines aligned("fld qword at 8"), {fld qword [ebx + 8]}
    user_lines aligned("fild word at 1"), {fild word [ebx + 1]}
    user_lines aligned("bt with a register at an odd dword"), {xor eax, eax}, {bt [ebx + 2], eax}
    user_lines aligned("sgdt at 4"), {sgdt [ebx + 4]}
    user_lines aligned("sgdt at 2"), {sgdt [ebx + 2]}
    user_lines aligned("far pointer at 2"), {mov dword [ebx], 0}, {mov dword [ebx + 4], 0}, {mov dword [ebx + 8], 0}, {lfs eax, [ebx + 2]}
    user_lines aligned("far pointer at 4"), {lfs eax, [ebx + 4]}
    user_lines aligned("16-bit far pointer at 2"), {o16 lfs ax, [ebx + 2]}
    user_lines aligned("16-bit far pointer at 1"), {o16 lfs ax, [ebx + 1]}
    user_lines aligned("far jump through a pointer at 2"), {jmp far [ebx + 2]}
    user_lines aligned("far return"), {mov esp, USER_STACK - 10}, retf
    user_lines aligned("iret"), {mov esp, USER_STACK - 14}, iretd
    user_lines aligned("far call"), {mov esp, USER_STACK - 2}, {call UCODE:landing}
    user_lines aligned("pop"), {mov esp, USER_STACK - 6}, {pop eax}
    user_lines aligned("ret"), {mov esp, USER_STACK - 6}, ret
    user_lines aligned("popfd"), {mov esp, USER_STACK - 6}, popfd
    user_lines aligned("leave"), {mov ebp, USER_STACK - 6}, leave
    user_lines aligned("popa"), {mov esp, USER_STACK - 0x42}, popad
    user_lines aligned("bound at 2"), {mov dword [ebx + 4], 0x7fff}, {xor eax, eax}, {bound eax, [ebx + 2]}
    user_lines aligned("fld m80 at 8"), {fld tword [ebx + 8]}
    user_lines aligned("fld m80 at 4"), {fld tword [ebx + 4]}
    user_lines aligned("fnstenv at 4"), {fnstenv [ebx + 4]}
    user_lines aligned("fnstenv at 2"), {fnstenv [ebx + 2]}
    user_lines aligned("fldcw at 1"), {fldcw [ebx + 1]}
    case "without AC in EFLAGS"
    to_user
    mov eax, [SCRATCH + 1]
    end_ring
    done
    case "at CPL 0"
    push dword 0x40002
    popfd
    mov eax, [SCRATCH + 1]
    done
    set_cr0 0, 0x40000
    user_lines aligned("without AM in CR0"), {mov eax, [ebx + 1]}
    ret

; Each ends in shutdown, which this kind of machine answers with a reset.
shutdowns:
    say "the IDT has no #DF:"
    reset_ends_phase
    mov word [.short], 8 * 8 - 1
    mov dword [.short + 2], IDT
    absent_gate 6
    absent_gate 11
    lidt [.short]
    ud2
.short: dw 0, 0, 0

after_shutdown:
    say " restarted", 10, "the gates of #GP and #DF are not present:"
    reset_ends_phase
    absent_gate 13
    absent_gate 8
    int 0xff

after_second_shutdown:
    say " restarted", 10
    last_phase

    rom_end
