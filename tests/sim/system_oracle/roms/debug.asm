; Debug exceptions: single step, breakpoints on code, data and ports, RF, DR6, DR7.GD, the shadow of MOV SS.
; SDM vol. 3B 17.2, 17.3; vol. 3A 6.8.3.
%include "runtime/protected.inc"

main:
    mov eax, cr4
    or eax, 8               ; DE
    mov cr4, eax
    call steps
    call code_breakpoints
    call data_breakpoints
    call port_breakpoints
    call shadows
    call registers
    ret

; The next instruction traps. The case counts from it.
%macro step 0
    origin_at %%here
    push dword 0x102
    popfd
  %%here:
%endmacro
%macro stepped 2-*
    case %1
    step
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    nop
    nop
    done
%endmacro

steps:
    stepped "nop", nop
    stepped "two bytes", {mov al, 1}
    stepped "rep movsb, one iteration", {rep movsb}
    mov eax, [trap_frame + 24]
    show "ecx", 8, eax
    newline
    case "a jump"
    step
    jmp .over
    nop
.over:
    nop
    done
    stepped "cli", cli
    stepped "pushfd has TF", pushfd
    stepped "popfd that clears TF", {push dword 2}, popfd
    stepped "a fault comes first", ud2
    stepped "sti", sti
    case "mov ss, then a nop"
    mov ax, DATA
    step
    mov ss, ax
    nop
    nop
    nop
    done
    case "pop ss, then a nop"
    push ss
    step
    pop ss
    nop
    nop
    nop
    done
    case "lss defers nothing"
    mov [SCRATCH], esp
    mov word [SCRATCH + 4], DATA
    step
    lss esp, [SCRATCH]
    nop
    nop
    nop
    done
    case "iret into TF"
    push dword 0x102
    push dword CODE
    push dword .there
    origin_at .there
    iretd
.there:
    nop
    nop
    done
    case "iret to CPL 3 into TF"
    push dword UDATA
    push dword USER_STACK
    push dword 0x102
    push dword UCODE
    push dword .user
    origin_at .user
    iretd
.user:
    nop
    nop
    end_ring
    done
    case "flags pushed by the step"
    step
    nop
    done
    mov eax, [trap_flags]
    and eax, 0x10300
    show "flags", 8, eax
    newline
    ret

; break_on NUMBER, ADDRESS, CONDITION | LENGTH << 2 (0 code, 1 write, 2 port, 3 access; length 0, 1, 3: 1, 2, 4)
%macro break_on 3
    mov eax, %2
    mov dr%1, eax
    mov eax, dr7
    and eax, ~(0xf << (16 + 4 * %1))
    or eax, ((%3) << (16 + 4 * %1)) | (2 << (2 * %1))
    mov dr7, eax
%endmacro
; also in DR7 between cases
%macro no_breaks 0
    mov eax, 0x400
    mov dr7, eax
    xor eax, eax
    mov dr6, eax
%endmacro

code_breakpoints:
    case "code"
    break_on 0, .c1, 0
    origin_at .c1
    nop
.c1:
    mov ebx, 1
    done
    case "code, all four, two of them here"
    break_on 1, .c2, 0
    origin_at .c2
    break_on 3, .c2, 0
    origin_at .c2
    break_on 2, .c2 + 1, 0
.c2:
    nop
    nop
    done
    no_breaks
    mov dword [.count], 0
    case "code inside an instruction"
    break_on 0, .c3 + 1, 0
.c3:
    mov ebx, 0x12345678
    done
    no_breaks
    case "RF lets it pass once"
    break_on 0, .c4, 0
    origin_at .c4
    push dword 0x10002
    push dword CODE
    push dword .c4
    iretd
.c4:
    inc dword [.count]
    cmp dword [.count], 2
    jne .c4
    done
    no_breaks
    case "RF passes a fault on"
    break_on 0, .c5, 0
    origin_at .c5
    push dword 0x10002
    push dword CODE
    push dword .c5
    iretd
.c5:
    ud2
    done
    mov eax, [trap_flags]
    and eax, 0x10000
    show "flags", 8, eax
    newline
    no_breaks
    case "the code breakpoint's own frame has no RF"
    break_on 0, .c6, 0
    origin_at .c6
.c6:
    nop
    done
    mov eax, [trap_flags]
    and eax, 0x10000
    show "flags", 8, eax
    newline
    no_breaks
    case "a local breakpoint"
    mov eax, .c7
    mov dr0, eax
    mov eax, 0x401
    mov dr7, eax
.c7:
    nop
    done
    no_breaks
    case "a disabled one"
    mov eax, .c8
    mov dr0, eax
.c8:
    nop
    done
    case "code at CPL 3"
    break_on 0, .c9, 0
    origin_at .c9
    to_user
.c9:
    nop
    end_ring
    done
    no_breaks
    case "code before its own fault"
    break_on 0, .c11, 0
    origin_at .c11
.c11:
    ud2
    done
    no_breaks
    ret
.count: dd 0

; data "name", {instruction}: after the breakpoint was set
%macro data 2-*
    case %1
    origin
    %rep %0 - 1
    %2
    %rotate 1
    %endrep
    nop
    nop
    done
    xor eax, eax
    mov dr6, eax
%endmacro
data_breakpoints:
    mov ebx, SCRATCH + 0x100
    break_on 0, SCRATCH + 0x100, 1
    data "byte written", {mov [ebx], al}
    data "byte read", {mov al, [ebx]}
    data "dword written that begins there", {mov [ebx], eax}
    data "dword written that ends there", {mov [ebx - 3], eax}
    data "dword written before", {mov [ebx - 4], eax}
    data "dword written behind", {mov [ebx + 1], eax}
    data "read-modify-write", {inc byte [ebx]}
    data "push", {mov esp, SCRATCH + 0x104}, {push eax}
    data "stosb", {mov edi, SCRATCH + 0x100}, stosb
    data "cmpxchg that does not match", {xor eax, eax}, {mov byte [ebx], 1}, {cmpxchg [ebx], cl}
    no_breaks
    break_on 1, SCRATCH + 0x204, 3 | 3 << 2
    mov ebx, SCRATCH + 0x204
    data "dword access, read", {mov eax, [ebx]}
    data "dword access, written", {mov [ebx], eax}
    data "dword access, last byte", {mov al, [ebx + 3]}
    data "dword access, behind", {mov al, [ebx + 4]}
    data "dword access, crossing", {mov eax, [ebx - 1]}
    data "lodsd", {mov esi, ebx}, lodsd
    case "pop at CPL 3"
    to_user
    origin
    mov esp, ebx
    pop eax
    nop
    end_ring
    done
    data "lea does not access", {lea eax, [ebx]}
    data "nop does not access", {nop dword [ebx]}
    no_breaks
    break_on 2, SCRATCH + 0x303, 3 | 1 << 2
    mov ebx, SCRATCH + 0x302
    data "an address is rounded down to its length", {mov al, [ebx]}
    data "... and covers two bytes", {mov al, [ebx + 1]}
    data "... not three", {mov al, [ebx + 2]}
    no_breaks
    break_on 0, SCRATCH + 0x100, 1
    break_on 1, SCRATCH + 0x102, 3
    mov ebx, SCRATCH + 0x100
    data "two at once", {mov [ebx], eax}
    case "at CPL 3"
    to_user
    origin
    mov [ebx], eax
    nop
    end_ring
    done
    case "with a single step"
    step
    mov [ebx], eax
    nop
    done
    no_breaks
    ret

port_breakpoints:
    break_on 0, 0x80, 2
    data "in", {in al, 0x80}
    data "out", {out 0x80, al}
    data "out dx", {mov dx, 0x80}, {out dx, al}
    data "word below that covers it", {mov dx, 0x7f}, {in ax, dx}
    data "another port", {in al, 0x81}
    data "memory of the same address", {mov al, [0x80]}
    data "outsb", {mov dx, 0x80}, {mov esi, SCRATCH}, outsb
    data "rep outsb, one iteration", {mov dx, 0x80}, {mov esi, SCRATCH}, {mov ecx, 5}, rep outsb
    mov eax, [trap_frame + 24]
    show "ecx", 8, eax
    newline
    no_breaks
    ret

; Breakpoints and steps around MOV SS.
shadows:
    mov ebx, SCRATCH + 0x500
    mov word [ebx], DATA
    break_on 0, SCRATCH + 0x500, 3 | 1 << 2
    case "data breakpoint of mov ss waits one instruction"
    origin
    mov ss, [ebx]
    nop
    nop
    done
    case "data breakpoint of pop ss"
    mov esp, ebx
    origin
    pop ss
    mov esp, KERNEL_STACK - 0x200
    nop
    done
    set_gate 0x32, CODE, landing, 0xee00
    no_breaks
    mov word [ebx], UDATA
    break_on 0, SCRATCH + 0x500, 3 | 1 << 2
    case "a software interrupt behind it: in the handler"
    to_user
    mov ss, [ebx]
    int 0x32
    nop
    done
    no_breaks
    case "code breakpoint behind mov ss"
    mov ax, DATA
    break_on 0, .s1, 0
    origin
    mov ax, DATA
    mov ss, ax
.s1:
    nop
    nop
    done
    no_breaks
    case "code breakpoint behind pop ss"
    break_on 0, .s2, 0
    origin
    push ss
    pop ss
.s2:
    nop
    done
    no_breaks
    case "code breakpoint two behind mov ss"
    break_on 0, .s3, 0
    origin_at .s3
    mov ax, DATA
    mov ss, ax
    nop
.s3:
    nop
    done
    no_breaks
    case "code breakpoint behind sti"
    break_on 0, .s4, 0
    origin_at .s4
    sti
.s4:
    nop
    done
    cli
    no_breaks
    case "step over mov ss and an interrupt"
    mov ax, DATA
    step
    mov ss, ax
    int 0x32
    done
    ret

registers:
    case "dr4 with DE"
    mov eax, dr4
    done
    case "dr5 with DE"
    mov dr5, eax
    done
    mov eax, cr4
    and eax, ~8
    mov cr4, eax
    case "dr4 is dr6 without DE"
    xor eax, eax
    mov dr6, eax
    mov eax, dr4
    show "dr4", 8, eax
    done
    case "dr5 is dr7 without DE"
    mov eax, 0x700
    mov dr5, eax
    mov eax, dr7
    show "dr7", 8, eax
    mov eax, 0x400
    mov dr7, eax
    done
    case "bits of dr7 that are fixed"
    xor eax, eax
    mov dr7, eax
    mov eax, dr7
    show "dr7", 8, eax
    done
    case "GD"
    mov eax, 0x2400
    mov dr7, eax
    origin
    mov eax, dr0
    done
    mov eax, dr7
    show "dr7", 8, eax
    newline
    case "GD and a write"
    mov eax, 0x2400
    mov dr7, eax
    origin
    mov dr3, eax
    done
    mov eax, 0x400
    mov dr7, eax
    ret
    rom_end
