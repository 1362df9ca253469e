; Call gates and far returns in protected mode: privilege changes, parameters, stacks out of the TSS, every check.
; SDM vol. 3A 5.8.3 to 5.8.6; vol. 2A CALL, JMP; vol. 2B RET.
%include "runtime/protected.inc"
%include "runtime/gates.inc"

%define CODE1 (TEST + 0x20 | 1)     ; flat code and data of rings 1 and 2
%define DATA1 (TEST + 0x28 | 1)
%define CODE2 (TEST + 0x30 | 2)
%define DATA2 (TEST + 0x38 | 2)
%define CONFORMING (TEST + 0x40)
%define SPARE (TEST + 0x48)

main:
    set_descriptor CODE1, 0x0000ffff, 0x00cfba00
    set_descriptor DATA1, 0x0000ffff, 0x00cfb200
    set_descriptor CODE2, 0x0000ffff, 0x00cfda00
    set_descriptor DATA2, 0x0000ffff, 0x00cfd200
    set_descriptor CONFORMING, 0x0000ffff, 0x00cf9e00
    mov dword [TSS + 16], DATA1
    mov dword [TSS + 24], DATA2
    call same_level
    call inner_levels
    call checks
    call stack_checks
    call returns
    call return_checks
    ret

same_level:
    case "call, 32-bit gate"
    call_gate TEST, CODE, target, 0x8c00
    expect_same_stack 0
    call TEST:0x12345678
    done
    case "call, 16-bit gate, offset below 64 KiB"
    set_descriptor SPARE, 0x0000ffff, 0x00409a01
    call_gate TEST, SPARE, .short, 0x8400
    expect_same_stack 1
    call TEST:0
.short:
    jmp CODE:target
    done
    case "jmp, 32-bit gate"
    call_gate TEST, CODE, .landed, 0x8c00
    jmp TEST:0
    int3
.landed:
    done
    case "jmp, parameters do not matter"
    call_gate TEST, CODE, .landed2, 0x8c07
    mov ebx, esp
    jmp TEST:0
    int3
.landed2:
    sub ebx, esp
    show "moved", 8, ebx
    done
    case "call, parameters do not matter at the same level"
    call_gate TEST, CODE, target, 0x8c05
    expect_same_stack 0
    call TEST:0
    done
    case "call from CPL 3 to conforming code"
    call_gate TEST, CONFORMING, landing, 0xec00
    to_user
    mov esp, USER_STACK
    call TEST | 3:0
    done
    case "call from CPL 3 to CPL 3"
    call_gate TEST, UCODE, landing, 0xec00
    to_user
    mov esp, USER_STACK
    call TEST | 3:0
    done
    case "far call to a code segment, 16-bit operand"
    set_descriptor SPARE, 0x0000ffff, 0x00409a01
    expect_same_stack 1
    o16 call far [.pointer16]
.there:
    jmp CODE:target
    done
    ret
.pointer16:
    dw .there - BASE, SPARE

; parameters COUNT: pushes COUNT .. 1
%macro parameters 1
    %assign n %1
    %rep %1
    push dword 0x11110000 + n
    %assign n n - 1
    %endrep
%endmacro
%macro inner_case 5         ; name, code selector, top of its stack, rights, frame of words
    case %1
    call_gate TEST, %2, target, %4
    expect_frame %3, %5
    to_user 0x2002
    mov esp, USER_STACK
    parameters ((%4) & 0x1f)
    call TEST | 3:0
    done
%endmacro
inner_levels:
    inner_case "CPL 3 to 0", CODE, RING0_STACK, 0xec00, 0
    inner_case "CPL 3 to 0, RPL of the target does not matter", CODE | 3, RING0_STACK, 0xec00, 0
    inner_case "CPL 3 to 0, 3 parameters", CODE, RING0_STACK, 0xec03, 0
    inner_case "CPL 3 to 0, 31 parameters", CODE, RING0_STACK, 0xec1f, 0
    inner_case "CPL 3 to 0, reserved bits beside the count", CODE, RING0_STACK, 0xece1, 0
    ; rings 1 and 2 print with IOPL 2
    inner_case "CPL 3 to 1", CODE1, RING1_STACK, 0xec01, 0
    inner_case "CPL 3 to 2", CODE2, RING2_STACK, 0xec02, 0
    case "CPL 3 to 0, 16-bit gate"
    set_descriptor SPARE, 0x0000ffff, 0x00409a01
    call_gate TEST, SPARE, .short, 0xe403
    expect_frame RING0_STACK, 1
    to_user
    mov esp, USER_STACK
    push dword 0x44443333
    push dword 0x22221111
    call TEST | 3:0
.short:
    jmp CODE:target
    done
    case "CPL 3 to 0, 16-bit stack segment"
    set_descriptor SPARE, 0x0000ffff, 0x00009200
    mov dword [TSS + 8], SPARE
    mov dword [TSS + 4], 0x12340000 | RING0_STACK
    call_gate TEST, CODE, target, 0xec01
    expect_frame RING0_STACK, 0
    to_user
    mov esp, USER_STACK
    push dword 0x11112222
    call TEST | 3:0
    done
    mov dword [TSS + 8], DATA
    mov dword [TSS + 4], RING0_STACK
    case "CPL 1 to 0"
    call_gate TEST, CODE, target, 0xec01
    expect_frame RING0_STACK, 0
    push dword UDATA        ; which the IRET does not take away
    pop ds
    push dword DATA1
    push dword RING1_STACK - 16
    push dword 2
    push dword CODE1
    push dword .ring1
    iretd
.ring1:
    push dword 0x77777777
    call TEST | 1:0
    done
    ret

%macro check_case 5         ; name, selector in the gate, rights, selector of the gate, offset
    case %1
    call_gate TEST, %2, %5, %3
    to_user
    mov esp, USER_STACK
    origin
    call %4:0
    end_ring
    done
%endmacro
checks:
    check_case "gate DPL 0 at CPL 3", CODE, 0x8c00, TEST | 3, target
    check_case "gate DPL 2 at CPL 3", CODE, 0xcc00, TEST, target
    case "gate DPL 2 at CPL 0, RPL 3"
    call_gate TEST, CODE, target, 0xcc00
    origin
    call TEST | 3:0
    done
    check_case "gate not present", CODE, 0x6c00, TEST | 3, target
    check_case "gate not present, DPL 0", CODE, 0x0c00, TEST | 3, target
    check_case "null target", 0, 0xec00, TEST | 3, target
    check_case "null target RPL 3", 3, 0xec00, TEST | 3, target
    check_case "target beyond GDT", 0x1000, 0xec00, TEST | 3, target
    check_case "target in no LDT", 0x0c, 0xec00, TEST | 3, target
    check_case "target data", DATA, 0xec00, TEST | 3, target
    check_case "target a TSS", TSS_SEL, 0xec00, TEST | 3, target
    check_case "target a gate", TEST, 0xec00, TEST | 3, target
    set_descriptor SPARE, 0x0000ffff, 0x00cf1a00
    check_case "target not present", SPARE, 0xec00, TEST | 3, target
    set_descriptor SPARE, 0x0000ffff, 0x00cf1200
    check_case "target data, not present", SPARE, 0xec00, TEST | 3, target
    set_descriptor SPARE, 0x0000ffff, 0x00409a00
    check_case "offset beyond the limit", SPARE, 0xec00, TEST | 3, landing
    mov word [BASE + 0x10000], 0x30cd   ; INT 30h, for who looks at the upper half of the offset
    case "16-bit gate has 16 bits of offset"
    set_descriptor SPARE, 0x0000ffff, 0x00409a01
    call_gate TEST, SPARE, landing, 0xe400
    mov word [GDT + TEST + 6], 0x0001
    call TEST:0
    done
    case "target less privileged"
    call_gate TEST, UCODE, target, 0x8c00
    origin
    call TEST:0
    done
    case "jmp to more privileged code"
    call_gate TEST, CODE, target, 0xec00
    to_user
    origin
    jmp TEST | 3:0
    end_ring
    done
    case "jmp to less privileged code"
    call_gate TEST, UCODE, target, 0xec00
    origin
    jmp TEST:0
    done
    case "jmp to conforming code"
    call_gate TEST, CONFORMING, landing, 0xec00
    to_user
    origin
    jmp TEST | 3:0
    done
    case "jmp, null target"
    call_gate TEST, 0, target, 0xec00
    origin
    jmp TEST | 3:0
    done
    case "jmp, target not present"
    set_descriptor SPARE, 0x0000ffff, 0x00cf1a00
    call_gate TEST, SPARE, target, 0xec00
    origin
    jmp TEST:0
    done
    case "jmp, offset beyond the limit"
    set_descriptor SPARE, 0x0000ffff, 0x00409a00
    call_gate TEST, SPARE, landing, 0xec00
    origin
    jmp TEST:0
    done
    %assign type 0
    %rep 16
    %if type != 1 && type != 3 && type != 4 && type != 5 && type != 9 && type != 11 && type != 12
    case "call to system type ", '0' + type / 10, '0' + type % 10
    set_descriptor TEST, 0x0000ffff, 0x00408000 | type << 8
    call TEST:0
    done
    %endif
    %assign type type + 1
    %endrep
    ret

; To ring 1, so that the exception itself has the good stack of ring 0.
%macro stack_case 3-5 0xec00, landing   ; name, ESP1, SS1, rights, target
    case %1
    call_gate TEST, CODE1, %5, %4
    mov dword [TSS + 12], %2
    mov dword [TSS + 16], %3
    to_user 0x2002
    mov esp, USER_STACK
    parameters ((%4) & 0x1f)
    origin
    call TEST | 3:0
    end_ring
    done
%endmacro
stack_checks:
    stack_case "ss null", RING1_STACK, 0
    stack_case "ss null RPL 1", RING1_STACK, 1
    stack_case "ss beyond GDT", RING1_STACK, 0x1001
    stack_case "ss in no LDT", RING1_STACK, 0x0d
    stack_case "ss RPL 0", RING1_STACK, DATA1 & ~3
    stack_case "ss RPL 3", RING1_STACK, DATA1 | 3
    stack_case "ss DPL 0", RING1_STACK, DATA | 1
    stack_case "ss DPL 3", RING1_STACK, (UDATA & ~3) | 1
    stack_case "ss code", RING1_STACK, CODE1
    stack_case "ss a TSS", RING1_STACK, TSS_SEL | 1
    set_descriptor SPARE, 0x0000ffff, 0x00cfb000
    stack_case "ss read-only", RING1_STACK, SPARE | 1
    set_descriptor SPARE, 0x0000ffff, 0x00cf3200
    stack_case "ss not present", RING1_STACK, SPARE | 1
    set_descriptor SPARE, 0x0000ffff, 0x00cf3000
    stack_case "ss read-only and not present", RING1_STACK, SPARE | 1
    set_descriptor SPARE, 0x00000fff, 0x0040b200
    stack_case "ss too short", 0x2000, SPARE | 1
    expect_frame 0x1000, 0
    stack_case "ss long enough", 0x1000, SPARE | 1, 0xec00, target
    stack_case "frame fits exactly", 16, SPARE | 1
    stack_case "frame does not fit", 15, SPARE | 1
    stack_case "parameters do not fit", 16, SPARE | 1, 0xec01
    stack_case "parameters fit", 20, SPARE | 1, 0xec01
    set_descriptor SPARE, 0x00000fff, 0x0040b600
    stack_case "expand-down, frame reaches into the hole", 0x100f, SPARE | 1
    stack_case "expand-down, frame fits", 0x1010, SPARE | 1
    mov dword [TSS + 12], RING1_STACK
    mov dword [TSS + 16], DATA1
    expect_frame RING1_STACK, 0
%macro tss_limit_case 2
    mov word [GDT + TSS_SEL], %2
    and byte [GDT + TSS_SEL + 5], ~2
    mov ax, TSS_SEL
    ltr ax
    stack_case %1, RING1_STACK, DATA1
%endmacro
    tss_limit_case "TSS limit 11h: SS1 is there", 0x11
    tss_limit_case "TSS limit 10h: SS1 is not", 0x10
    tss_limit_case "TSS limit 0Fh", 0x0f
    mov word [GDT + TSS_SEL], 0x2fff
    and byte [GDT + TSS_SEL + 5], ~2
    mov ax, TSS_SEL
    ltr ax
    case "parameters beyond the caller's stack"
    call_gate TEST, CODE1, target, 0xec04
    set_descriptor SPARE, 0x00000fff, 0x0040f205
    to_user 0x2002
    mov ax, SPARE | 3
    mov ss, ax
    mov esp, 0x1000 - 12
    origin
    call TEST | 3:0
    end_ring
    done
    case "16-bit TSS"
    set_descriptor SPARE, (TSS2 & 0xffff) << 16 | 0x2b, 0x00008100 | TSS2 >> 16
    mov word [TSS2 + 2], RING0_STACK
    mov word [TSS2 + 4], DATA
    mov word [TSS2 + 6], RING1_STACK
    mov word [TSS2 + 8], DATA1
    mov ax, SPARE
    ltr ax
    call_gate TEST, CODE1, target, 0xec01
    to_user 0x2002
    mov esp, USER_STACK
    push dword 0x11223344
    call TEST | 3:0
    done
    and byte [GDT + TSS_SEL + 5], ~2
    mov ax, TSS_SEL
    ltr ax
    ret

; Returns to outer levels
%macro return_case 5+       ; name, CS, SS, EIP; instruction
    case %1
    push dword %3
    push dword USER_STACK
    push dword %2
    push dword %4
    origin
    %5
    done
%endmacro
returns:
    return_case "retf to CPL 3", UCODE, UDATA, landing, retf
    say "data segments of ring 0 after it:"
    print_segments
    return_case "retf to CPL 1", CODE1, DATA1, landing, retf
    say "data segments of ring 0 after it:"
    print_segments
    mov ax, CONFORMING
    mov fs, ax
    mov ax, UDATA
    mov gs, ax
    mov ax, DATA1
    mov es, ax
    return_case "retf to CPL 3 from conforming fs, DPL 3 gs, DPL 1 es", UCODE, UDATA, landing, retf
    print_segments
    mov ax, DATA1
    mov es, ax
    return_case "retf to CPL 1, DPL 1 es", CODE1, DATA1, landing, retf
    print_segments
    case "retf 8 to CPL 3 releases on both stacks"
    push dword UDATA
    push dword USER_STACK - 0x20
    push dword 0x11111111
    push dword 0x22222222
    push dword UCODE
    push dword landing
    retf 8
    done
    case "retf 8, same level"
    mov ebx, esp
    push dword 1
    push dword 2
    push dword CODE
    push dword .same
    retf 8
.same:
    sub ebx, esp
    show "left", 8, ebx
    done
    case "16-bit retf, same level"
    set_descriptor SPARE, 0x0000ffff, 0x00409a01
    mov ebx, esp
    push word SPARE
    push word .same16 - BASE
    o16 retf
.same16:
    jmp CODE:.flat
.flat:
    sub ebx, esp
    show "left", 8, ebx
    done
    case "16-bit retf to CPL 3"
    set_descriptor SPARE, 0x0000ffff, 0x0040fa01
    push word UDATA
    push word USER_STACK
    push word SPARE | 3
    push word .user16 - BASE
    o16 retf
.user16:
    end_ring
    done
    case "retf to a 16-bit stack takes the lower half of esp only"
    set_descriptor SPARE, 0x0000ffff, 0x0000f200
    push dword SPARE | 3
    push dword 0x12348000
    push dword UCODE
    push dword landing
    retf
    done
    case "retf to conforming code, RPL 3"
    push dword UDATA
    push dword USER_STACK
    push dword CONFORMING | 3
    push dword landing
    retf
    done
    ret

return_checks:
    return_case "null cs", 0, UDATA, landing, retf
    return_case "null cs RPL 3", 3, UDATA, landing, retf
    return_case "cs beyond GDT", 0x1003, UDATA, landing, retf
    return_case "cs data", UDATA, UDATA, landing, retf
    return_case "cs a call gate", TEST | 3, UDATA, landing, retf
    return_case "cs RPL 3, DPL 0", CODE | 3, UDATA, landing, retf
    return_case "cs RPL 0, DPL 3", UCODE & ~3, UDATA, landing, retf
    return_case "cs RPL 2, DPL 3", (UCODE & ~3) | 2, UDATA, landing, retf
    set_descriptor SPARE, 0x0000ffff, 0x00cffe00
    return_case "cs conforming DPL 3, RPL 2", SPARE | 2, DATA2, landing, retf
    set_descriptor SPARE, 0x0000ffff, 0x00cf7a00
    return_case "cs not present", SPARE | 3, UDATA, landing, retf
    set_descriptor SPARE, 0x0000ffff, 0x0040fa00
    return_case "eip beyond the limit, outer", SPARE | 3, UDATA, landing, retf
    set_descriptor SPARE, 0x0000ffff, 0x00409a00
    return_case "eip beyond the limit, same", SPARE, UDATA, landing, retf
    return_case "null ss", UCODE, 0, landing, retf
    return_case "null ss RPL 3", UCODE, 3, landing, retf
    return_case "ss beyond GDT", UCODE, 0x1003, landing, retf
    return_case "ss RPL 0", UCODE, UDATA & ~3, landing, retf
    return_case "ss DPL 0", UCODE, DATA | 3, landing, retf
    return_case "ss code", UCODE, UCODE, landing, retf
    set_descriptor SPARE, 0x0000ffff, 0x00cff000
    return_case "ss read-only", UCODE, SPARE | 3, landing, retf
    set_descriptor SPARE, 0x0000ffff, 0x00cf7200
    return_case "ss not present", UCODE, SPARE | 3, landing, retf
    set_descriptor SPARE, 0x0000ffff, 0x00cf7000
    return_case "ss read-only and not present", UCODE, SPARE | 3, landing, retf
    case "inward from CPL 3"
    to_user
    push dword CODE
    push dword landing
    origin
    retf
    done
    case "inward from CPL 3, null cs"
    to_user
    push dword 0
    push dword landing
    origin
    retf
    done
    ret

    rom_end
