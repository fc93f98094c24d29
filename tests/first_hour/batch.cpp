// A batch on a pool of one's own, wrapped as docs/api.md says.
#include <uml/compiled.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace {

/// A pool as many programs have one: it takes functions.
class house_pool {
public:
    explicit house_pool(int count) {
        for (int i = 0; i < count; ++i) threads_.emplace_back([this] { serve(); });
    }
    ~house_pool() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        for (auto& t : threads_) t.join();
    }
    void post(std::function<void()> f) {
        {
            const std::lock_guard lock(mutex_);
            waiting_.push_back(std::move(f));
        }
        changed_.notify_one();
    }
    [[nodiscard]] int size() const { return static_cast<int>(threads_.size()); }

private:
    void serve() {
        for (;;) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            const auto f = std::move(waiting_.back());
            waiting_.pop_back();
            lock.unlock();
            f();
        }
    }
    std::vector<std::thread> threads_;
    std::vector<std::function<void()>> waiting_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ending_ = false;
};

/// The pool as an executor: every one of its threads takes jobs until there are none, and the caller waits.
uml::executor wrapped(house_pool& pool) {
    return {[](void* self, int count, uml::executor::body call, void* context) {
                auto& own = *static_cast<house_pool*>(self);
                std::atomic<int> next{0}, left{own.size()};
                for (int thread = 0; thread < own.size(); ++thread)
                    own.post([&, thread] {
                        for (int job = next++; job < count; job = next++) call(context, job, thread);
                        if (--left == 0) left.notify_one();
                    });
                for (int n = left; n != 0; n = left) left.wait(n);
            },
            &pool, pool.size()};
}

int complain(const uml::error& e) { return std::puts(e.what.c_str()), 1; }

} // namespace

int main(int count, char** words) {
    if (count != 2) return 2;
    const auto model = uml::load<uml::network<uml::dynamic>>(words[1]);
    if (!model) return complain(model.error());
    const int h = model->height(), w = model->width();
    std::vector<std::vector<unsigned char>> pixels;
    std::vector<uml::image_view> pictures;
    for (int i = 0; i < 5; ++i) {
        pixels.emplace_back(static_cast<std::size_t>(h * w));
        for (std::size_t p = 0; p < pixels.back().size(); ++p)
            pixels.back()[p] = static_cast<unsigned char>(p * static_cast<std::size_t>(i + 3) % 251);
        pictures.emplace_back(pixels.back().data(), h, w, 1);
    }
    house_pool pool(2);
    std::vector<uml::model<uml::network<uml::dynamic>, uml::cpu>::workspace> workspaces;
    for (int i = 0; i < pool.size(); ++i) {
        auto made = model->make_workspace(); // one for each thread, without threads of its own
        if (!made) return complain(made.error());
        workspaces.push_back(*std::move(made));
    }
    std::vector<float> together(pictures.size());
    const auto done = [&](int i, const auto& f) { together[static_cast<std::size_t>(i)] = f.diagnosis.vacuity(); };
    if (const auto r = uml::run_batch(*model, pictures, workspaces, wrapped(pool), done); !r)
        return complain(r.error());
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        const auto alone = model->run(pictures[i], workspaces[0]);
        if (!alone) return complain(alone.error());
        const float vacuity = alone->diagnosis.vacuity();
        std::printf("picture %zu: vacuity %.3f\n", i, static_cast<double>(vacuity));
        if (!(vacuity <= together[i] && vacuity >= together[i])) return 1;
    }
    return 0;
}
