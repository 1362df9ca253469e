; 32-bit integer mix: ALU, table CRC-32, sieve, pointer chasing, recursive calls. One unit is about 6.6 M instructions.
%include "bench.inc"
bench_start

BUFFER  equ 0x200000            ; 64 KiB of data for the CRC
TABLE   equ 0x220000            ; 256 dwords
SIEVE   equ 0x230000            ; 64 KiB of flags
NODES   equ 0x250000            ; 16384 nodes of 16 bytes

main:
    call make_table
    call make_buffer
    call make_nodes
    repeat_count
.repeat:
    push ecx
    call alu
    call crc
    call sieve
    call chase
    mov eax, 20
    call fib
    pop ecx
    dec ecx
    jnz .repeat
    ret

make_table:                     ; reflected polynomial EDB88320h
    xor ecx, ecx
.entry:
    mov eax, ecx
    mov edx, 8
.bit:
    shr eax, 1
    jnc .even
    xor eax, 0xedb88320
.even:
    dec edx
    jnz .bit
    mov [TABLE + ecx * 4], eax
    inc ecx
    cmp ecx, 256
    jb .entry
    ret

make_buffer:
    mov eax, 0x12345678
    xor ecx, ecx
.next:
    imul eax, eax, 1103515245
    add eax, 12345
    mov [BUFFER + ecx], eax
    add ecx, 4
    cmp ecx, 0x10000
    jb .next
    ret

make_nodes:                     ; a permutation: node i points to node (i * 5 + 1) mod 16384, one full cycle
    xor ecx, ecx
.next:
    lea eax, [ecx + ecx * 4 + 1]
    and eax, 16383
    shl eax, 4
    add eax, NODES
    mov edx, ecx
    shl edx, 4
    mov [NODES + edx], eax
    mov [NODES + edx + 4], ecx
    inc ecx
    cmp ecx, 16384
    jb .next
    ret

alu:                            ; xorshift and additions, 200000 rounds
    mov ecx, 100000
    mov eax, 0x9e3779b9
    xor ebx, ebx
.round:
    mov edx, eax
    shl edx, 13
    xor eax, edx
    mov edx, eax
    shr edx, 17
    xor eax, edx
    mov edx, eax
    shl edx, 5
    xor eax, edx
    add ebx, eax
    adc esi, 0
    lea edi, [ebx + eax * 2 + 7]
    sub edi, esi
    cmp edi, ebx
    jae .skip
    inc ebp
.skip:
    dec ecx
    jnz .round
    ret

crc:
    mov eax, -1
    mov esi, BUFFER
    mov ecx, 0x10000
.byte:
    movzx edx, byte [esi]
    inc esi
    xor dl, al
    movzx edx, dl
    shr eax, 8
    xor eax, [TABLE + edx * 4]
    dec ecx
    jnz .byte
    ret

sieve:
    mov edi, SIEVE
    mov ecx, 0x10000 / 4
    xor eax, eax
.clear:
    mov [edi], eax
    add edi, 4
    dec ecx
    jnz .clear
    mov ebx, 2
.candidate:
    cmp byte [SIEVE + ebx], 0
    jne .composite
    lea eax, [ebx + ebx]
.mark:
    cmp eax, 0x10000
    jae .composite
    mov byte [SIEVE + eax], 1
    add eax, ebx
    jmp .mark
.composite:
    inc ebx
    cmp ebx, 256
    jb .candidate
    ret

chase:
    mov eax, NODES
    mov ecx, 200000
    xor ebx, ebx
.step:
    add ebx, [eax + 4]
    mov eax, [eax]
    dec ecx
    jnz .step
    ret

fib:                            ; eax = fib(eax), 21891 calls for 20
    cmp eax, 2
    jb .done
    push eax
    dec eax
    call fib
    pop edx
    push eax
    lea eax, [edx - 2]
    call fib
    pop edx
    add eax, edx
.done:
    ret
    rom_end
