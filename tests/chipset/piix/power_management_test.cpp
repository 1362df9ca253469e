#include "chipset/piix/power_management.h"

#include <gtest/gtest.h>

#include <random>

#include "chipset/piix/power_management_registers.h"
#include "tests/chipset/harness.h"

namespace southgate::chipset::test {
namespace {

using sc_core::SC_MS;
using sc_core::SC_SEC;
using sc_core::sc_time;

constexpr unsigned pmsts = 0x00, pmen = 0x02, pmcntrl = 0x04, pmtmr = 0x08, gpsts = 0x0c, gpen = 0x0e,
                   glbsts = 0x18, glben = 0x20, glbctl = 0x28;

struct Bench {
    PowerManagement pm;
    Initiator config{pm.config}, io{pm.pm_io}, smbus{pm.smbus_io};
    LineDriver pcirst{pm.pcirst}, power_good{pm.power_good}, resume_well{pm.resume_well}, apmc{pm.apmc},
        pwrbtn{pm.pwrbtn}, rtc{pm.rtc_alarm}, lid{pm.lid};
    LineProbe sci{"sci"}, smi{"smi"}, s5{"s5"}, s3{"s3"}, wake{"wake"};
    explicit Bench(const PowerManagement::Config& c = {}) : pm("pm", c) {
        pm.sci(sci.in);
        pm.smi(smi.in);
        pm.s5(s5.in);
        pm.s3(s3.in);
        pm.wake(wake.in);
        run();
        resume_well.set(true);
        pcirst.set(true);
        power_good.set(true);
        pcirst.set(false);
    }
    // What the reset controller does for suspend and soft off, and for the way back.
    void power_off() {
        pcirst.set(true);
        power_good.set(false);
    }
    void power_on() {
        power_good.set(true);
        pcirst.set(false);
    }
};

TEST(PowerManagement, IdentityAndBases) {
    Bench b;
    EXPECT_EQ(b.config.read(0x00, 4), 0x71138086u);
    EXPECT_EQ(b.config.read(0x0a, 2), 0x0680u);
    EXPECT_EQ(b.config.read(0x40, 4), 1u);
    b.config.write(0x40, 0xffffffff, 4);
    EXPECT_EQ(b.config.read(0x40, 4), 0xffc1u);
    b.config.write(0x90, 0xffffffff, 4);
    EXPECT_EQ(b.config.read(0x90, 4), 0xfff1u);
    const auto& w = b.pm.windows();
    EXPECT_FALSE(w[0].enabled);
    b.config.write(0x40, 0xb001, 4);
    b.config.write(0x80, 0x01);
    EXPECT_TRUE(w[0].enabled);  // whatever the command register says
    EXPECT_EQ(w[0].first, 0xb000u);
    EXPECT_EQ(w[0].size, 64u);
    b.config.write(0x90, 0x0701, 4);
    b.config.write(0xd2, 0x09);
    EXPECT_FALSE(w[1].enabled);
    b.config.write(0x04, 0x0001, 2);
    EXPECT_TRUE(w[1].enabled);
    b.config.write(0x40, 0x0001, 4);
    EXPECT_FALSE(w[0].enabled);
    b.pcirst.pulse();
    EXPECT_FALSE(w[1].enabled);
}

TEST(PowerManagement, TimerCountsAt3579545Hz) {
    Bench b;
    EXPECT_EQ(b.io.read(pmtmr, 4), 0u);
    run(sc_time(1, SC_SEC));
    EXPECT_EQ(b.io.read(pmtmr, 4), 3579545u);
    EXPECT_EQ(b.io.read(pmtmr + 1, 1), 3579545u >> 8 & 0xff);
    b.io.delay = sc_time(1, SC_MS);  // a CPU ahead of simulated time
    EXPECT_EQ(b.io.read(pmtmr, 4), 3583124u);
    b.io.delay = sc_time(4, SC_SEC);
    EXPECT_EQ(b.io.read(pmtmr, 4), 5u * 3579545 - (1u << 24));
    b.io.delay = sc_core::SC_ZERO_TIME;
    b.io.write(pmtmr, 0, 4);
    EXPECT_EQ(b.io.read(pmtmr, 4), 3579545u);
    b.pcirst.pulse();
    EXPECT_EQ(b.io.read(pmtmr, 4), 0u);
}

TEST(PowerManagement, OverflowShowsWithoutAnEventAndInterruptsOnTime) {
    Bench b;
    EXPECT_EQ(b.io.read(pmsts, 2), 0u);
    run(sc_time(2343, SC_MS));
    EXPECT_EQ(b.io.read(pmsts, 2), 0u);
    run(sc_time(1, SC_MS));  // 2^23 ticks take 2.3435 s
    EXPECT_EQ(b.io.read(pmsts, 2), 1u);
    b.io.write(pmsts, 1, 2);
    EXPECT_EQ(b.io.read(pmsts, 2), 0u);
    b.io.write(pmcntrl, 1, 2);
    b.io.write(pmen, 1, 2);
    run(sc_time(3, SC_SEC));
    ASSERT_EQ(b.sci.rises(), 1u);
    EXPECT_EQ(b.sci.edges[0].at, sc_time::from_value(PowerManagement::timer_clock.picoseconds(1u << 24)));
    b.io.write(pmsts, 1, 2);
    EXPECT_FALSE(b.sci.level());
    b.io.write(pmen, 0, 2);
    run(sc_time(5, SC_SEC));
    EXPECT_EQ(b.sci.rises(), 1u);
    EXPECT_EQ(b.io.read(pmsts, 2), 1u);
}

TEST(PowerManagement, SciIsLevelAndFollowsSciEn) {
    Bench b;
    b.io.write(pmen, 0x0100, 2);
    b.pwrbtn.set(true);
    EXPECT_FALSE(b.sci.level());
    b.io.write(pmcntrl, 0x0001, 2);
    EXPECT_TRUE(b.sci.level());
    b.io.write(pmsts, 0x0100, 2);
    EXPECT_FALSE(b.sci.level());
    b.io.write(gpen, 0x0800, 2);
    b.lid.set(true);
    EXPECT_TRUE(b.sci.level());
    b.io.write(gpen, 0x0000, 2);
    EXPECT_FALSE(b.sci.level());
    EXPECT_EQ(b.io.read(gpsts, 2), 0x0800u);
    EXPECT_EQ(b.smi.rises(), 0u);
}

TEST(PowerManagement, EventsMakeSmiWithoutSciEn) {
    Bench b;
    b.io.write(glbctl, 1, 4);
    b.io.write(pmen, 0x0100, 2);
    b.pwrbtn.set(true);
    EXPECT_EQ(b.smi.rises(), 1u);
    EXPECT_EQ(b.io.read(glbsts, 2), 0x0040u);
}

TEST(PowerManagement, ApmcMakesSmiWhenEnabled) {
    Bench b;
    b.apmc.pulse();
    EXPECT_EQ(b.smi.rises(), 0u);
    b.config.write(0x58, 0x02000000, 4);
    b.apmc.pulse();
    EXPECT_EQ(b.smi.rises(), 0u);  // GLBCTL.SMI_EN is off
    EXPECT_EQ(b.io.read(glbsts, 2), 0x0020u);
    b.io.write(glbctl, 1, 4);
    b.apmc.pulse();
    b.apmc.pulse();
    EXPECT_EQ(b.smi.rises(), 2u);
    b.io.write(glbsts, 0x0020, 2);
    EXPECT_EQ(b.io.read(glbsts, 2), 0u);
}

TEST(PowerManagement, ApmcMakesSmiWithoutTheGlobalEnableIfAsked) {
    PowerManagement::Config config;
    config.personality.smi_without_global_enable = true;
    Bench b(config);
    b.apmc.pulse();
    EXPECT_EQ(b.smi.rises(), 0u);  // APMC_EN still counts
    b.config.write(0x58, 0x02000000, 4);
    b.apmc.pulse();
    EXPECT_EQ(b.smi.rises(), 1u);
}

TEST(PowerManagement, GlobalLockHandshake) {
    Bench b;
    b.io.write(glbctl, 1, 4);
    b.io.write(glben, 2, 2);
    b.io.write(pmcntrl, 0x0005, 2);
    EXPECT_EQ(b.smi.rises(), 1u);
    EXPECT_EQ(b.io.read(pmcntrl, 2), 0x0001u);
    b.io.write(pmen, 0x0020, 2);
    b.io.write(glbctl, 3, 4);
    EXPECT_TRUE(b.sci.level());
    EXPECT_EQ(b.io.read(glbctl, 4), 1u);
}

TEST(PowerManagement, SoftOffAndSuspendByType) {
    Bench b;
    sc_time at;
    b.pm.on_soft_off([&](const sc_time& now) { at = now; });
    b.io.write(pmcntrl, 0x0001, 2);
    EXPECT_EQ(b.s5.rises() + b.s3.rises(), 0u);
    b.io.delay = sc_time(7, SC_MS);
    b.io.write(pmcntrl, 0x2001, 2);
    EXPECT_EQ(b.s5.rises(), 1u);
    EXPECT_EQ(at, sc_time(7, SC_MS));
    b.io.write(pmcntrl, 0x2401, 2);
    EXPECT_EQ(b.s3.rises(), 1u);
    b.io.write(pmcntrl, 0x2801, 2);  // powered on suspend is not modelled
    EXPECT_EQ(b.s5.rises() + b.s3.rises(), 2u);
    EXPECT_EQ(b.io.read(pmcntrl, 2), 0x0801u);
}

TEST(PowerManagement, SuspendKeepsTypeAndReportsResume) {
    Bench b;
    b.io.write(pmen, 0x0400, 2);
    b.io.write(pmcntrl, 0x2401, 2);
    b.power_off();
    EXPECT_EQ(b.wake.rises(), 0u);
    b.rtc.pulse();
    EXPECT_EQ(b.wake.rises(), 1u);
    b.power_on();
    EXPECT_EQ(b.io.read(pmcntrl, 2), 0x0400u);
    EXPECT_EQ(b.io.read(pmsts, 2), 0x8400u);
    EXPECT_EQ(b.io.read(pmen, 2), 0x0400u);
    b.rtc.pulse();
    EXPECT_EQ(b.wake.rises(), 1u);  // awake
    b.pcirst.pulse();               // hard reset: the suspend well goes, too
    EXPECT_EQ(b.io.read(pmsts, 2), 0u);
    EXPECT_EQ(b.io.read(pmcntrl, 2), 0u);
}

TEST(PowerManagement, QemuForgetsTheTypeInSleep) {
    PowerManagement::Config config;
    config.personality.pm1_cleared_by_sleep = true;
    Bench b(config);
    b.io.write(pmcntrl, 0x2401, 2);
    b.power_off();
    b.power_on();
    EXPECT_EQ(b.io.read(pmcntrl, 2), 0u);
    EXPECT_EQ(b.io.read(pmsts, 2), 0x8000u);
}

TEST(PowerManagement, OverrideIsRemembered) {
    Bench b;
    b.pwrbtn.set(true);
    run(sc_time(4, SC_SEC));
    b.pcirst.set(true);
    b.pwrbtn.set(false);  // the reset controller takes the button away with the power
    b.power_good.set(false);
    b.power_on();
    EXPECT_EQ(b.io.read(pmsts, 2), 0x0900u);
    b.pwrbtn.pulse();
    run(sc_time(1, SC_SEC));
    b.power_off();
    b.power_on();
    EXPECT_EQ(b.io.read(pmsts, 2) & 0x8000, 0u);  // a supply failure is no resume
}

TEST(PowerManagement, LossOfStandbyPowerClearsAll) {
    Bench b;
    b.pwrbtn.set(true);
    b.io.write(pmcntrl, 0x1401, 2);
    b.power_off();
    b.resume_well.set(false);
    b.resume_well.set(true);
    b.power_on();
    EXPECT_EQ(b.io.read(pmsts, 2), 0u);
    EXPECT_EQ(b.io.read(pmcntrl, 2), 0u);
}

TEST(PowerManagement, AbsentSmbusSlavesEndWithAnError) {
    Bench b;
    b.smbus.write(0x4, 0xa1);
    b.smbus.write(0x2, 0x48);
    EXPECT_EQ(b.smbus.read(0x0), 0x04u);
    EXPECT_EQ(b.smbus.read(0x2), 0x08u);
    b.smbus.write(0x0, 0xff);
    EXPECT_EQ(b.smbus.read(0x0), 0x00u);
    b.smbus.write(0x2, 0x02);
    EXPECT_EQ(b.smbus.read(0x0), 0x10u);
    b.smbus.read(0x2);
    for (unsigned i = 0; i < 40; ++i) b.smbus.write(0x7, i);
    b.smbus.read(0x2);
    for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(b.smbus.read(0x7), i < 8 ? 32 + i : i);
}

TEST(PowerManagement, RandomAccessesNeverCrash) {
    Bench b;
    std::mt19937_64 random(4);
    LineDriver* lines[] = {&b.pcirst, &b.power_good, &b.resume_well, &b.apmc, &b.pwrbtn, &b.rtc, &b.lid};
    for (int i = 0; i < 50000; ++i) {
        const unsigned size = 1u << random() % 4;
        switch (random() % 6) {
            case 0:
                b.config.write(random() % 260, random(), size);
                break;
            case 1:
                b.config.read(random() % 260, size);
                break;
            case 2:
                b.io.write(random() % 68, random(), size);
                break;
            case 3:
                b.io.read(random() % 68, size);
                break;
            case 4:
                b.smbus.write(random() % 18, random(), size), b.smbus.read(random() % 18, size);
                break;
            default:
                lines[random() % 7]->set(random() & 1);
        }
        b.io.delay = sc_time::from_value(random() % 10000);
        if (random() % 100 == 0) run(sc_time(static_cast<double>(random() % 3000), SC_MS));
    }
}

}  // namespace
}  // namespace southgate::chipset::test
