; The encodings of MOV CRn and MOV DRn in 64-bit mode, and what CPL 3 may not do there. SDM vol. 3A 2.5 (TSD, PCE, UMIP), 5.9;
; vol. 2 MOV, RDPMC, RDTSC, SGDT, SIDT, SLDT, SMSW, STR.
%include "runtime/long.inc"

%define EFER 0xc0000080

main:
    call encodings
    jmp privileged

encodings:
    encoding "read of cr1", 0x0f, 0x20, 0xc8
    encoding "read of cr5", 0x0f, 0x20, 0xe8
    encoding "read of cr6", 0x0f, 0x20, 0xf0
    encoding "read of cr7", 0x0f, 0x20, 0xf8
    encoding "read of cr9", 0x44, 0x0f, 0x20, 0xc8
    encoding "read of cr15", 0x44, 0x0f, 0x20, 0xf8
    encoding "write of cr1", 0x0f, 0x22, 0xc8
    encoding "write of cr5", 0x0f, 0x22, 0xe8
    encoding "write of cr7", 0x0f, 0x22, 0xf8
    encoding "write of cr12", 0x44, 0x0f, 0x22, 0xe0
    encoding "dr8", 0x44, 0x0f, 0x21, 0xc0
    encoding "lock mov rax, cr2", 0xf0, 0x0f, 0x20, 0xd0
    encoding "mov rax, cr2 with mod 0", 0x0f, 0x20, 0x10
    encoding "mov rax, cr2 with an operand size prefix", 0x66, 0x0f, 0x20, 0xd0
    ret

%define privileged_case(name) name, 0x002, {lines {mov ebx, SCRATCH}, {xor ecx, ecx}}
privileged:
    user_lines privileged_case("CPL 3: mov rax, cr0"), {mov rax, cr0}
    user_lines privileged_case("CPL 3: mov rax, cr8"), {mov rax, cr8}
    user_lines privileged_case("CPL 3: mov cr3, rax"), {mov cr3, rax}
    user_lines privileged_case("CPL 3: mov rax, dr7"), {mov rax, dr7}
    user_lines privileged_case("CPL 3: mov dr0, rax"), {mov dr0, rax}
    user_lines privileged_case("CPL 3: rdmsr"), {mov ecx, EFER}, rdmsr
    user_lines privileged_case("CPL 3: wrmsr"), {mov ecx, EFER}, wrmsr
    user_lines privileged_case("CPL 3: clts"), clts
    user_lines privileged_case("CPL 3: lmsw"), {lmsw ax}
    user_lines privileged_case("CPL 3: rdpmc without PCE"), rdpmc
    user_lines privileged_case("CPL 3: invd"), invd
    user_lines privileged_case("CPL 3: wbinvd"), wbinvd
    user_lines privileged_case("CPL 3: invlpg"), {invlpg [rbx]}
    user_lines privileged_case("CPL 3: hlt"), hlt
    user_lines privileged_case("CPL 3: swapgs"), swapgs
    user_lines privileged_case("CPL 3: sysret"), {o64 sysret}
    user_lines privileged_case("CPL 3: lgdt"), {lgdt [rbx]}
    user_lines privileged_case("CPL 3: lidt"), {lidt [rbx]}
    user_lines privileged_case("CPL 3: lldt"), {lldt ax}
    user_lines privileged_case("CPL 3: ltr"), {ltr ax}
    user_lines privileged_case("CPL 3: in"), {in al, 0x80}
    user_lines privileged_case("CPL 3: cli"), cli
    user_lines privileged_case("CPL 3: rdtsc"), rdtsc
    mov rax, cr4
    or al, 4
    mov cr4, rax
    user_lines privileged_case("CPL 3: rdtsc with TSD"), rdtsc
    case "CPL 0: rdtsc with TSD"
    rdtsc
    done
    mov rax, cr4
    and al, ~4
    mov cr4, rax
    user_lines privileged_case("CPL 3: sgdt"), {sgdt [rbx]}
    user_lines privileged_case("CPL 3: smsw"), {smsw eax}
    mov rbx, cr4
    mov rax, rbx
    bts rax, 11
    try
    mov cr4, rax
    endtry
    user_lines privileged_case("UMIP: sgdt"), {sgdt [rbx]}
    user_lines privileged_case("UMIP: sidt"), {sidt [rbx]}
    user_lines privileged_case("UMIP: sldt"), {sldt eax}
    user_lines privileged_case("UMIP: smsw"), {smsw eax}
    user_lines privileged_case("UMIP: smsw to an absent page"), {mov rbx, 0x7000000000}, {smsw [rbx]}
    user_lines privileged_case("UMIP: str"), {str eax}
    case "UMIP: smsw at CPL 0"
    smsw eax
    done
    mov rax, cr4
    btr rax, 11
    mov cr4, rax
    ret

    rom_end
