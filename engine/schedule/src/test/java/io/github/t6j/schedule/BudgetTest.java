package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.RopeVariant;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.Token;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.weights.NativeMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the memory budgets of models and schedulers, which count what is allocated. */
@Isolated
class BudgetTest {
    private static int[] ids(int count) {
        return IntStream.range(0, count).map(i -> i * 7 % 100).toArray();
    }

    private static SessionOptions context(int ids) {
        return SessionOptions.defaults().withContextLength(ids);
    }

    /** Bytes of 64 ids, all layers. */
    private static long page(Model model) {
        return model.sessionBytes(context(1)).nativeBytes();
    }

    @Test
    void aModelCountsTheCachesOfItsSessions() {
        ModelOptions oneThread = ModelOptions.defaults().withThreads(1); // others have buffers once they have work
        try (Model model = Model.load(TestData.tiny(), oneThread); Session session = model.newSession(context(1000))) {
            assertThat(model.cacheBytes()).isZero();
            long page = page(model);
            session.prefill(ids(100));
            session.step(1);
            session.truncate(10); // the buffers of passes are there
            long otherBytes = NativeMemory.allocatedBytes() - model.cacheBytes();
            for (int i = 0; i < 9; i++) {
                session.prefill(ids(100));
                assertThat(NativeMemory.allocatedBytes() - model.cacheBytes()).isEqualTo(otherBytes);
                assertThat(model.cacheBytes()).isEqualTo(session.cacheBytes());
            }
            try (Session fork = session.fork()) {
                fork.step(3);
                assertThat(model.cacheBytes()).as("a fork copies one page").isEqualTo(session.cacheBytes() + page);
            }
            assertThat(session.cacheBytes()).as("no page beyond the context").isEqualTo(16 * page);
            session.truncate(0);
            assertThat(model.cacheBytes()).isZero();
        }
    }

    @Test
    void sessionsOfAModelShareItsBudget() {
        float[] expected;
        long page;
        try (Model free = Model.load(TestData.tiny()); Session alone = free.newSession(context(192))) {
            page = page(free);
            alone.prefill(ids(129));
            alone.step(5);
            expected = alone.logits().clone();
        }
        ModelOptions options = ModelOptions.defaults().withMemoryBudget(5 * page);
        assertThat(options.memoryBudget()).isEqualTo(5 * page);
        try (Model model = Model.load(TestData.tiny(), options)) {
            int max = (int) (5 * page / 3840);
            assertThatThrownBy(() -> model.newSession(context(max + 1)))
                    .isInstanceOfSatisfying(MemoryLimitException.class, refusal -> {
                        assertThat(refusal.needed()).isEqualTo((max + 1) * 3840L);
                        assertThat(refusal.available()).isEqualTo(5 * page);
                    })
                    .hasMessageContaining("a context of " + (max + 1) + " ids").hasMessageContaining("memory budget")
                    .hasMessageContaining("at most " + max + " ids");
            try (Session byDefault = model.newSession();
                    Session second = model.newSession(context(192))) {
                assertThat(byDefault.contextLength()).isEqualTo(max);
                Session first = model.newSession(context(192));
                first.prefill(ids(129));
                second.prefill(ids(128));
                assertThat(model.cacheBytes()).isEqualTo(5 * page);
                assertThatThrownBy(() -> second.step(5))
                        .isInstanceOfSatisfying(MemoryLimitException.class, refusal -> {
                            assertThat(refusal.needed()).isEqualTo(page);
                            assertThat(refusal.available()).isZero();
                        })
                        .hasMessageContaining("caches of the sessions of " + TestData.tiny())
                        .hasMessageContaining(
                                "expected at most 0 bytes (left of the memory budget of " + 5 * page + " bytes)")
                        .hasMessageContaining("found a need of " + page + " bytes").hasMessageContaining("close");
                assertThat(second.position()).isEqualTo(128);
                first.close();
                second.step(ids(129)[128]);
                second.step(5);
                assertThat(second.logits()).isEqualTo(expected);
            }
            assertThat(model.cacheBytes()).isZero();
        }
        assertThatThrownBy(() -> ModelOptions.defaults().withMemoryBudget(-1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("memoryBudget");
    }

    @Test
    void theStateOfLinearAttentionCounts() {
        ModelOptions linear = ModelOptions.defaults().withVariant(RopeVariant.LINEARATTN);
        long state;
        try (Model model = Model.load(TestData.path("golden/T6_linearattn"), linear);
                Session session = model.newSession()) {
            state = session.cacheBytes();
            assertThat(model.cacheBytes()).isEqualTo(state);
        }
        try (Model model = Model.load(TestData.path("golden/T6_linearattn"), linear.withMemoryBudget(2 * state));
                Session session = model.newSession();
                Session _ = session.fork()) {
            assertThatThrownBy(session::fork).isInstanceOf(MemoryLimitException.class);
            assertThatThrownBy(model::newSession).isInstanceOf(MemoryLimitException.class);
            assertThat(model.cacheBytes()).isEqualTo(2 * state);
        }
    }

    /** States of a hybrid model: their matrices once, and twice from the first prompt on; pages are added. */
    @Test
    void theStatesOfMambaCount() {
        long matrices = 8 * 9 * 4 * 32 * 16; // layers, heads, bytes, columns padded from 8, rows
        long states = matrices + 2 * 8 * 9 * 4 * (4 + 3 + 2 * 8 + 2 * 4 * 16);
        long page = 2 * 64 * 4 * (40 + 8 + 2 + 2 + 40 + 8 + 2 + 1); // the last is padding
        ModelOptions options = ModelOptions.defaults().withThreads(1);
        float[] expected;
        try (Model model = Model.load(TestData.path("golden_olala/full-mmmmv"), options);
                Session session = model.newSession(context(64))) {
            assertThat(session.cacheBytes()).isEqualTo(model.cacheBytes()).isEqualTo(states);
            session.step(7);
            assertThat(session.cacheBytes()).isEqualTo(model.cacheBytes()).isEqualTo(states + page);
            session.prefill(ids(10));
            assertThat(session.cacheBytes()).isEqualTo(model.cacheBytes()).isEqualTo(states + page + matrices)
                    .isEqualTo(model.sessionBytes(context(64)).nativeBytes());
            session.trim();
            assertThat(session.cacheBytes()).isEqualTo(model.cacheBytes()).isEqualTo(states + page);
            session.step(3);
            expected = session.logits().clone();
        }
        ModelOptions limited = options.withMemoryBudget(2 * (states + page) + matrices);
        try (Model model = Model.load(TestData.path("golden_olala/full-mmmmv"), limited);
                Session session = model.newSession(context(64))) {
            session.step(7);
            session.prefill(ids(10));
            try (Session fork = session.fork()) {
                assertThatThrownBy(session::fork).isInstanceOf(MemoryLimitException.class);
                assertThatThrownBy(() -> fork.prefill(1, 2)).as("matrices of a prompt")
                        .isInstanceOf(MemoryLimitException.class);
                fork.step(3);
                assertThat(fork.logits()).as("nothing was fed").isEqualTo(expected);
            }
            assertThat(model.cacheBytes()).isEqualTo(session.cacheBytes()).isEqualTo(states + page + matrices);
        }
    }

    /** Pages of a hybrid model leave room for its states, which the first prompt enlarges. */
    @Test
    void theDefaultContextLeavesRoomForStates() {
        ModelOptions options = ModelOptions.defaults().withThreads(1);
        long states;
        long page;
        try (Model model = Model.load(TestData.path("golden_olala/full-mmmmv"), options)) {
            states = 2 * model.sessionBytes(context(64)).nativeBytes() - model.sessionBytes(context(128)).nativeBytes();
            page = model.sessionBytes(context(64)).nativeBytes() - states;
        }
        try (Model model = Model.load(TestData.path("golden_olala/full-mmmmv"),
                options.withMemoryBudget(states + 2 * page)); Session session = model.newSession()) {
            assertThat(session.contextLength()).isBetween(64, 2 * 64 + 2); // a page pads the tokens
            int[] ids = IntStream.range(0, 128).map(i -> 1 + i % 40).toArray();
            session.prefill(Arrays.copyOf(ids, Math.min(128, session.contextLength())));
            assertThat(model.cacheBytes()).isEqualTo(states + 2 * page);
            assertThatThrownBy(() -> model.newSession(context(64))).isInstanceOf(MemoryLimitException.class);
        }
    }

    /** Without limits of their slabs, caches would take up to twice what their ids need. */
    @ParameterizedTest
    @ValueSource(strings = {
        "models/t6-tiny", "golden/llama-gqa", "golden_wide/mistral-wide", "golden_olala/full-mmmmv"})
    void aSchedulerAllocatesNoMoreThanItsBudget(String folder) {
        long seed = 5;
        Random random = new Random(seed);
        try (Model model = Model.load(TestData.path(folder))) {
            SessionOptions session = context(400);
            long page = page(model);
            long budget = 17 * page;
            long empty; // of the session that the scheduler forks, which its budget does not count
            try (Session one = model.newSession(session)) {
                empty = one.cacheBytes();
            }
            SchedulerOptions options =
                    SchedulerOptions.defaults().withSession(session).withMaxRunning(8).withMaxQueued(100)
                            .withCacheBytes(budget);
            List<int[]> prompts = new ArrayList<>();
            List<GenerationHandle> handles = new ArrayList<>();
            LongAccumulator max = new LongAccumulator(Math::max, 0);
            GenerationOptions greedy = GenerationOptions.defaults().withIgnoreEndOfText(true)
                    .withSampling(SamplingOptions.greedy());
            int vocabulary = model.info().sizes().vocabulary();
            int[] common = random.ints(150, 0, vocabulary).toArray();
            try (Scheduler scheduler = new Scheduler(model, options)) {
                for (int i = 0; i < 40; i++) {
                    int[] prompt = Arrays.copyOf(common, 1 + random.nextInt(200));
                    prompts.add(prompt);
                    handles.add(scheduler.submit(
                            Prompt.of(prompt), greedy.withMaxTokens(1 + random.nextInt(150)), token -> {
                                max.accumulate(model.cacheBytes());
                                return true;
                            }));
                }
                for (GenerationHandle handle : handles) {
                    handle.result().join();
                }
                assertThat(scheduler.metrics().allocatedBytes()).isLessThanOrEqualTo(budget);
            }
            assertThat(max.get()).as("seed " + seed).isBetween(budget / 2, budget + empty);
            for (int i = 0; i < handles.size(); i += 7) {
                try (Session alone = model.newSession(session)) {
                    Generation found = handles.get(i).result().join();
                    assertThat(found.tokens()).as("seed " + seed + ", prompt " + i).extracting(Token::id)
                            .isEqualTo(alone.generate(
                                    Prompt.of(prompts.get(i)), greedy.withMaxTokens(found.tokens().size())).tokens()
                                    .stream().map(Token::id).toList());
                }
            }
        }
    }
}
