; XSETBV and XGETBV: CR4.OSXSAVE, what XCR0 refuses, CPL. SDM vol. 1 13.3; vol. 3A 2.6; vol. 2 XGETBV, XSETBV.
%include "runtime/long.inc"
%include "runtime/sweep.inc"

; xcr "name", ECX, EDX, EAX
%macro xcr 4
    mov ecx, %2
    mov edx, %3
    mov eax, %4
    case %1
    xsetbv
    done
%endmacro
main:
    cpuid_bit 1, 0, ECX_OUT, 26
    jnz .there
    say "no XSAVE", 10
    ret
.there:
    xcr "xsetbv without OSXSAVE", 0, 0, 1
    case "xgetbv without OSXSAVE"
    xor ecx, ecx
    origin
    xgetbv
    done
    mov rax, cr4
    bts rax, 18
    mov cr4, rax
    xcr "xcr0: x87", 0, 0, 1
    xcr "xcr0: x87, SSE", 0, 0, 3
    xcr "xcr0: nothing", 0, 0, 0
    xcr "xcr0: SSE", 0, 0, 2
    xcr "xcr0: x87, AVX", 0, 0, 5
    xcr "xcr0: half of MPX", 0, 0, 11
    xcr "xcr0: part of AVX-512", 0, 0, 0x67
    xcr "xcr0: bit 3F", 0, 0x80000000, 3
    xcr "xcr0: bit 3E", 0, 0x40000000, 3
    xcr "xcr1", 1, 0, 3
    xcr "xcr 80000000", 0x80000000, 0, 3
    case "xgetbv of xcr0"
    xor ecx, ecx
    xgetbv
    show "xcr0", 8, rax
    done
    case "xgetbv of xcr 2"
    mov ecx, 2
    origin
    xgetbv
    done
    case "CPL 3: xgetbv"
    to_user
    xor ecx, ecx
    xgetbv
    end_ring
    done
    case "CPL 3: xsetbv"
    to_user
    xor ecx, ecx
    origin
    xsetbv
    end_ring
    done
    ret

    rom_end
