// The differentiated system description of the machine `pc`: i440FX host bridge, PIIX southbridge with an I/O APIC,
// HPET and the devices of the ISA bus. What depends on the configuration (size of memory, processors) is in an SSDT
// made by platform/acpi/pc_tables.cpp. Sources: ACPI specification 6.4; 82371AB 290562; IA-PC HPET 1.0a.
//
// No \_S3: without a convention between machine and firmware, SeaBIOS cannot tell a resume from a reset.
DefinitionBlock ("", "DSDT", 1, "SGATE", "PC", 0x00000001)
{
    // From the SSDT: first address behind RAM below 4 GiB that PCI decodes, and the length up to the I/O APIC.
    External (\_SB.PMIN, IntObj)
    External (\_SB.PLEN, IntObj)

    // Soft off is SUS_TYP 0 of the PIIX4 (82371AB 290562 7.2.3).
    Name (\_S5, Package () { Zero, Zero, Zero, Zero })

    // 1 after the operating system has said that it uses the I/O APIC.
    Name (\PICM, Zero)
    Method (\_PIC, 1, NotSerialized) { \PICM = Arg0 }

    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, Zero)

            Name (CRES, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xff, 0, 0x100)
                IO (Decode16, 0x0cf8, 0x0cf8, 1, 8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0, 0x0cf7, 0, 0x0cf8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0x0d00, 0xffff, 0, 0xf300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
                             0, 0x000a0000, 0x000bffff, 0, 0x00020000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                             0, 0xe0000000, 0xfebfffff, 0, 0x1ec00000, , , WIN)
            })
            Method (_CRS, 0, Serialized)
            {
                CreateDWordField (CRES, ^WIN._MIN, LOW)
                CreateDWordField (CRES, ^WIN._LEN, LEN)
                LOW = \_SB.PMIN
                LEN = \_SB.PLEN
                Return (CRES)
            }

            // INTA#-INTD# rotate over PIRQA#-D# from device 1 on. The I/O APIC has PIRQA#-D# at inputs 16 to 19.
            // Function 3 of device 1, power management, has its interrupt (SCI) at IRQ9 and nothing on INTA#.
            Method (_PRT, 0, Serialized)
            {
                Name (PRT, Package (128) {})
                Local0 = Zero
                While (Local0 < 128)
                {
                    Local1 = ((Local0 >> 2) + Local0 + 3) & 3  // PIRQ: (device + pin - 1) modulo 4
                    If (\PICM)
                    {
                        Local2 = Package () { Zero, Zero, Zero, Zero }
                        Local2[3] = 16 + Local1
                    }
                    ElseIf (Local1 == 0) { Local2 = Package () { Zero, Zero, LNKA, Zero } }
                    ElseIf (Local1 == 1) { Local2 = Package () { Zero, Zero, LNKB, Zero } }
                    ElseIf (Local1 == 2) { Local2 = Package () { Zero, Zero, LNKC, Zero } }
                    Else { Local2 = Package () { Zero, Zero, LNKD, Zero } }
                    Local2[0] = ((Local0 >> 2) << 16) | 0xffff
                    Local2[1] = Local0 & 3
                    PRT[Local0] = Local2
                    Local0++
                }
                Return (PRT)
            }

            Device (ISA)
            {
                Name (_ADR, 0x00010000)
                OperationRegion (PIRQ, PCI_Config, 0x60, 4)
                Field (PIRQ, ByteAcc, NoLock, Preserve)
                {
                    PRQA, 8,
                    PRQB, 8,
                    PRQC, 8,
                    PRQD, 8
                }

                Device (RTC)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0070, 0x0070, 1, 4)
                        IRQNoFlags () { 8 }
                    })
                }
                Device (PIC)
                {
                    Name (_HID, EisaId ("PNP0000"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0020, 0x0020, 1, 2)
                        IO (Decode16, 0x00a0, 0x00a0, 1, 2)
                        IO (Decode16, 0x04d0, 0x04d0, 1, 2)
                        IRQNoFlags () { 2 }
                    })
                }
                Device (TIMR)
                {
                    Name (_HID, EisaId ("PNP0100"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0040, 0x0040, 1, 4)
                        IRQNoFlags () { 0 }
                    })
                }
                Device (DMAC)
                {
                    Name (_HID, EisaId ("PNP0200"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0000, 0x0000, 1, 16)
                        IO (Decode16, 0x0080, 0x0080, 1, 16)
                        IO (Decode16, 0x00c0, 0x00c0, 1, 32)
                        DMA (Compatibility, NotBusMaster, Transfer8) { 4 }
                    })
                }
                Device (SPKR)
                {
                    Name (_HID, EisaId ("PNP0800"))
                    Name (_CRS, ResourceTemplate () { IO (Decode16, 0x0061, 0x0061, 1, 1) })
                }
                Device (KBD)
                {
                    Name (_HID, EisaId ("PNP0303"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0060, 0x0060, 1, 1)
                        IO (Decode16, 0x0064, 0x0064, 1, 1)
                        IRQNoFlags () { 1 }
                    })
                }
                Device (MOU)
                {
                    Name (_HID, EisaId ("PNP0F13"))
                    Name (_CRS, ResourceTemplate () { IRQNoFlags () { 12 } })
                }
                Device (COM1)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 1)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x03f8, 0x03f8, 1, 8)
                        IRQNoFlags () { 4 }
                    })
                }
                Device (COM2)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, 2)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x02f8, 0x02f8, 1, 8)
                        IRQNoFlags () { 3 }
                    })
                }
            }

            // Power management. The FADT names no SMI command for the change to ACPI mode: the firmware's handler
            // has none, and SCI_EN is software's to set on this chip (82371AB 290562 7.2.3).
            Device (PM)
            {
                Name (_ADR, 0x00010003)
                OperationRegion (CFG, PCI_Config, 0x40, 4)
                Field (CFG, DWordAcc, NoLock, Preserve) { PMBA, 32 }
                Method (_INI, 0, Serialized)
                {
                    OperationRegion (PMIO, SystemIO, (PMBA & 0xffc0) + 4, 2)
                    Field (PMIO, WordAcc, NoLock, Preserve) { SCIE, 1 }
                    SCIE = One
                }
            }
        }

        // PCI interrupt links: the PIRQRC registers of the bridge (82371AB 290562 4.1.12).
        Name (CRSL, ResourceTemplate ()
        {
            Interrupt (ResourceConsumer, Level, ActiveLow, Shared, , , IRQ) { 0 }
        })
        Method (LCRS, 1, Serialized)
        {
            CreateDWordField (CRSL, ^IRQ._INT, LINE)
            LINE = Arg0 & 0x0f
            Return (CRSL)
        }
        Method (LSTA, 1, NotSerialized)
        {
            If (Arg0 & 0x80) { Return (0x09) }
            Return (0x0b)
        }
        Method (LSRS, 1, Serialized)
        {
            CreateDWordField (Arg0, 5, LINE)
            Return (LINE)
        }
        Device (LNKA)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 1)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 5, 10, 11 }
            })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.PRQA)) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.PRQA)) }
            Method (_DIS, 0, NotSerialized) { \_SB.PCI0.ISA.PRQA |= 0x80 }
            Method (_SRS, 1, NotSerialized) { \_SB.PCI0.ISA.PRQA = LSRS (Arg0) }
        }
        Device (LNKB)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 2)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 5, 10, 11 }
            })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.PRQB)) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.PRQB)) }
            Method (_DIS, 0, NotSerialized) { \_SB.PCI0.ISA.PRQB |= 0x80 }
            Method (_SRS, 1, NotSerialized) { \_SB.PCI0.ISA.PRQB = LSRS (Arg0) }
        }
        Device (LNKC)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 3)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 5, 10, 11 }
            })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.PRQC)) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.PRQC)) }
            Method (_DIS, 0, NotSerialized) { \_SB.PCI0.ISA.PRQC |= 0x80 }
            Method (_SRS, 1, NotSerialized) { \_SB.PCI0.ISA.PRQC = LSRS (Arg0) }
        }
        Device (LNKD)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 4)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 5, 10, 11 }
            })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.PRQD)) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.PRQD)) }
            Method (_DIS, 0, NotSerialized) { \_SB.PCI0.ISA.PRQD |= 0x80 }
            Method (_SRS, 1, NotSerialized) { \_SB.PCI0.ISA.PRQD = LSRS (Arg0) }
        }
        Device (HPET)
        {
            Name (_HID, EisaId ("PNP0103"))
            Name (_CRS, ResourceTemplate () { Memory32Fixed (ReadWrite, 0xfed00000, 0x400) })
        }
        Device (FWCF)
        {
            Name (_HID, "QEMU0002")
            Name (_STA, 0x0b)
            Name (_CRS, ResourceTemplate () { IO (Decode16, 0x0510, 0x0510, 1, 12) })
        }
    }
}
