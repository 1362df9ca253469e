#include "sim/pio/explore/search.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "sim/pio/explore/shrink.h"

namespace southgate::pio::explore {
namespace {

// Set in a table entry whose sequence was run.
constexpr std::uint32_t was_run = 1u << 29;
static_assert(damage_count <= 28);

// The findings of all sequences, in a dense table: start, then depth, then the actions as digits.
class Table {
  public:
    Table(const std::vector<GuestMode>& modes, unsigned depth) : starts_(all_starts(modes)), depth_(depth) {
        std::size_t level = 1;
        for (unsigned d = 0; d <= depth; d++) {
            first_[d] = per_start_;
            size_[d] = level;
            per_start_ += level;
            level *= intent_count;
        }
        index_.fill(absent);
        for (std::size_t n = 0; n < starts_.size(); n++) index_[key(starts_[n])] = static_cast<std::uint32_t>(n);
        bits_.resize(starts_.size() * per_start_);
    }

    const std::vector<Start>& starts() const { return starts_; }
    unsigned depth() const { return depth_; }
    std::size_t level_size(unsigned depth) const { return size_[depth]; }

    Sequence sequence(std::size_t start, unsigned depth, std::size_t number) const {
        Sequence s{starts_[start], static_cast<std::uint8_t>(depth), {}};
        for (unsigned n = depth; n-- > 0; number /= intent_count)
            s.intents[n] = static_cast<Intent>(number % intent_count);
        return s;
    }
    std::uint32_t& at(std::size_t start, unsigned depth, std::size_t number) {
        return bits_[start * per_start_ + first_[depth] + number];
    }
    // 0 for what was not run.
    std::uint32_t find(const Sequence& s) const {
        const std::uint32_t start = index_[key(s.start)];
        if (start == absent || s.depth > depth_) return 0;
        std::size_t number = 0;
        for (unsigned n = 0; n < s.depth; n++) number = number * intent_count + static_cast<unsigned>(s.intents[n]);
        return bits_[start * per_start_ + first_[s.depth] + number];
    }

  private:
    static constexpr std::uint32_t absent = ~std::uint32_t{0};
    static constexpr std::size_t keys = guest_modes.size() * condition_count * place_kind_count * pio_kind_count;
    static std::size_t key(const Start& s) {
        return ((static_cast<std::size_t>(s.mode) * condition_count + static_cast<unsigned>(s.condition)) *
                    place_kind_count +
                static_cast<unsigned>(s.place)) *
                   pio_kind_count +
               static_cast<unsigned>(s.pio);
    }

    std::vector<Start> starts_;
    unsigned depth_;
    std::size_t per_start_ = 0;
    std::array<std::size_t, max_depth + 1> first_{}, size_{};
    std::array<std::uint32_t, keys> index_{};
    std::vector<std::uint32_t> bits_;
};

// Part of the work: the sequences of one start and depth, at most `limit` of them.
struct Unit {
    std::size_t start = 0;
    unsigned depth = 0;
    std::uint64_t limit = 0;
};

// By depth, so that a budget keeps the simplest sequences and every simplification of one that was run was run, too.
std::vector<Unit> plan(const Table& table, std::uint64_t budget, bool& complete) {
    std::vector<Unit> units;
    const bool limited = budget != std::numeric_limits<std::uint64_t>::max();
    complete = true;
    for (unsigned depth = 0; depth <= table.depth(); depth++) {
        for (std::size_t start = 0; start < table.starts().size(); start++) {
            std::uint64_t size = table.level_size(depth);
            if (limited) {
                size = 0;
                for (std::size_t n = 0; n < table.level_size(depth); n++)
                    size += applicable(table.sequence(start, depth, n));
                if (size > budget) complete = false;
                size = std::min(size, budget);
                budget -= size;
            }
            if (size != 0) units.push_back({start, depth, size});
        }
    }
    return units;
}

// Runs `work(thread, item)` for all items on `jobs` threads.
template <class Work>
void spread(unsigned jobs, std::size_t items, Work work) {
    std::atomic<std::size_t> next{0};
    const auto loop = [&](unsigned thread) {
        for (std::size_t item; (item = next.fetch_add(1)) < items;) work(thread, item);
    };
    std::vector<std::jthread> threads;
    for (unsigned n = 1; n < jobs; n++) threads.emplace_back(loop, n);
    loop(0);
}

using States = std::unordered_set<std::uint64_t>;

// What a sequence ended in, as one number.
std::uint64_t digest(const Observation& seen) {
    std::uint64_t h = 0;
    const auto add = [&h](std::uint64_t value) {  // splitmix64
        h = (h ^ value) + 0x9e3779b97f4a7c15;
        h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
        h = (h ^ h >> 27) * 0x94d049bb133111eb;
        h ^= h >> 31;
    };
    add(seen.rip);
    add(seen.linear_rip);
    add(seen.rax);
    add(seen.rcx);
    add(seen.rdi);
    add(seen.retired);
    add(std::uint64_t{seen.stored} << 8 | seen.memory_changed << 6 | seen.io_exit << 5 | seen.wedged << 4 |
        seen.shadow << 3 | seen.trap << 2 | seen.step_missing << 1 | std::uint64_t{seen.step_extra});
    return h;
}

void explore_unit(Table& table, const Unit& unit, Driver& driver, States& states) {
    std::uint64_t left = unit.limit;
    for (std::size_t n = 0; n < table.level_size(unit.depth) && left != 0; n++) {
        const Sequence sequence = table.sequence(unit.start, unit.depth, n);
        if (!applicable(sequence)) continue;
        table.at(unit.start, unit.depth, n) = driver.run(sequence).bits() | was_run;
        states.insert(digest(driver.observation()));
        --left;
    }
}

struct Harvest {
    std::uint64_t sequences = 0, failing = 0;
    std::array<std::uint64_t, damage_count> by_damage{};
    std::vector<Minimal> minimal;
};

Harvest harvest(const Table& table, std::size_t start) {
    Harvest h;
    for (unsigned depth = 0; depth <= table.depth(); depth++) {
        for (std::size_t n = 0; n < table.level_size(depth); n++) {
            const Sequence sequence = table.sequence(start, depth, n);
            const std::uint32_t bits = table.find(sequence);
            if ((bits & was_run) == 0) continue;
            ++h.sequences;
            const Finding finding(bits & ~was_run);
            if (!finding.failed()) continue;
            ++h.failing;
            for (unsigned d = 0; d < damage_count; d++) {
                const auto damage = static_cast<Damage>(d);
                if (!finding.has(damage)) continue;
                ++h.by_damage[d];
                const bool reducible = any_simpler(sequence, [&](const Sequence& s) {
                    return shows_the_same(Finding(table.find(s) & ~was_run), finding, damage);
                });
                if (!reducible) h.minimal.push_back({sequence, damage, finding});
            }
        }
    }
    return h;
}

}  // namespace

SearchResult search(const Subject& subject, const SearchOptions& options, const VcpuFactory& factory,
                    const Progress& progress) {
    Table table(options.modes, options.depth);
    SearchResult result;
    const std::vector<Unit> units = plan(table, options.budget, result.complete);
    const unsigned jobs = std::max(1u, options.jobs);

    std::vector<std::unique_ptr<Driver>> drivers;
    for (unsigned n = 0; n < jobs; n++) {
        drivers.push_back(std::make_unique<Driver>(factory));
        drivers.back()->set_subject(subject);
    }
    std::mutex mutex;
    std::uint64_t total = 0, done = 0;
    for (const Unit& unit : units) total += unit.limit;
    std::vector<States> states(table.starts().size());
    spread(jobs, units.size(), [&](unsigned thread, std::size_t n) {
        States here;
        explore_unit(table, units[n], *drivers[thread], here);
        const std::lock_guard lock(mutex);
        states[units[n].start].merge(here);
        if (!progress) return;
        done += units[n].limit;
        progress(static_cast<double>(done) / static_cast<double>(total));
    });

    for (const States& s : states) result.states += s.size();

    std::vector<Harvest> harvests(table.starts().size());
    spread(jobs, harvests.size(), [&](unsigned, std::size_t start) { harvests[start] = harvest(table, start); });
    for (Harvest& h : harvests) {
        result.sequences += h.sequences;
        result.failing += h.failing;
        for (unsigned d = 0; d < damage_count; d++) result.by_damage[d] += h.by_damage[d];
        std::move(h.minimal.begin(), h.minimal.end(), std::back_inserter(result.minimal));
    }
    std::stable_sort(result.minimal.begin(), result.minimal.end(), [](const Minimal& a, const Minimal& b) {
        if (!(a.sequence == b.sequence)) return simpler_than(a.sequence, b.sequence);
        return a.damage < b.damage;
    });
    return result;
}

}  // namespace southgate::pio::explore
