package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.CallOptions;
import io.github.t6j.DraftSource;
import io.github.t6j.Drafter;
import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.RecordedDrafts;
import io.github.t6j.RopeVariant;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.Token;
import io.github.t6j.TokenListener;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.RefusedException.Reason;
import io.github.t6j.session.SessionCore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The result of a request does not depend on other requests, and no request is lost. */
@Timeout(120)
class SchedulerTest {
    private static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));
    private static final long SEED = 77;
    private static final long PLENTY = 1L << 30;
    private static final int CONTEXT = 600;

    private static Model load(String model) {
        return Model.load(TESTDATA.resolve(model), ModelOptions.defaults().withThreads(2));
    }

    private static Model tiny() {
        return load("models/t6-tiny");
    }

    private static SchedulerOptions limits(int running, int queued, long bytes) {
        return limits(running, queued, bytes, CONTEXT);
    }

    private static SchedulerOptions limits(int running, int queued, long bytes, int context) {
        return SchedulerOptions.defaults().withMaxRunning(running).withMaxQueued(queued).withCacheBytes(bytes)
                .withSession(SessionOptions.defaults().withContextLength(context));
    }

    private static GenerationOptions options(int tokens, long seed) {
        return GenerationOptions.defaults().withMaxTokens(tokens).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.defaults().withSeed(seed).withFrequencyPenalty(0.3f));
    }

    /** Prompt and options of a submission. */
    private record Request(int[] prompt, GenerationOptions options) {}

    private static Generation alone(Model model, Request request) {
        try (Session session = model.newSession(SessionOptions.defaults().withContextLength(CONTEXT))) {
            return session.generate(Prompt.of(request.prompt()), request.options());
        }
    }

    private static GenerationHandle submitted(Scheduler scheduler, Request request) {
        return scheduler.submit(Prompt.of(request.prompt()), request.options());
    }

    /** Requests with right, wrong and no drafts share passes, and get the results of each alone without drafts. */
    @ParameterizedTest
    @ValueSource(strings = {"models/t6-tiny", "golden/T6_linearattn", "golden_llama/mistral-window",
        "golden_olala/mamba", "golden_more/phi3-su-long"})
    void speculationDoesNotChangeResults(String name) {
        Random random = new Random(SEED);
        try (Model model = name.contains("linearattn") ? linear() : load(name);
                Scheduler scheduler = new Scheduler(model, limits(5, 20, PLENTY))) {
            int vocabulary = Math.min(model.info().sizes().vocabulary(), model.sampleableIds());
            List<GenerationHandle> handles = new ArrayList<>();
            List<Generation> expected = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                int[] prompt = random.ints(1 + random.nextInt(150), 0, vocabulary).toArray();
                Request request = new Request(prompt, options(10 + random.nextInt(60), i));
                expected.add(alone(model, request));
                int[] drafts = expected.getLast().tokens().stream().mapToInt(Token::id).toArray();
                for (int wrong = 2; wrong < drafts.length; wrong += 1 + i) {
                    drafts[wrong] = random.nextInt(vocabulary);
                }
                handles.add(submitted(scheduler, new Request(prompt, request.options.withSpeculation(
                        new RecordedDrafts(drafts, 1 + i)))));
            }
            int accepted = 0;
            for (int i = 0; i < handles.size(); i++) {
                Generation found = handles.get(i).result().join();
                assertThat(found).as(name + ", seed " + SEED + ", request " + i).isEqualTo(expected.get(i));
                accepted += found.drafts().accepted();
            }
            assertThat(accepted).isPositive();
            assertThat(scheduler.metrics().generatedIds())
                    .isEqualTo(expected.stream().mapToLong(one -> one.tokens().size()).sum());
        }
    }

    /** Running generations share 16 rows; of ten, none has drafts. Requests without speculation get the scheduler's. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 10})
    void manyGenerationsHaveFewDrafts(int running) {
        Map<Integer, Integer> most = new ConcurrentHashMap<>(); // drafts, by the number of generations that share a pass
        Drafter drafter = (drafted, ids, matcher) -> new DraftSource() {
            @Override
            public void add(int id) {}

            @Override
            public int propose(int[] into, int max, int sharing) {
                most.merge(sharing, max, Math::max);
                Arrays.fill(into, 1, 1 + max, 7);
                return max;
            }
        };
        try (Model model = load("models/t6-tiny");
                Scheduler scheduler = new Scheduler(model, limits(running, 20, PLENTY).withSpeculation(drafter))) {
            List<GenerationHandle> handles = new ArrayList<>();
            for (int i = 0; i < running; i++) {
                handles.add(submitted(scheduler, new Request(new int[] {1 + i, 5}, options(120, i))));
            }
            for (int i = 0; i < running; i++) {
                Generation found = handles.get(i).result().join();
                assertThat(found).isEqualTo(alone(model, new Request(new int[] {1 + i, 5}, options(120, i))));
            }
        }
        assertThat(most.isEmpty() && running <= 8).isFalse();
        assertThat(most).allSatisfy(
                (sharing, max) -> assertThat(sharing * (1 + max)).isLessThanOrEqualTo(16));
        assertThat(most.keySet()).allMatch(sharing -> sharing <= 8);
    }

    private static Model linear() {
        return Model.load(TESTDATA.resolve("golden/T6_linearattn"),
                ModelOptions.defaults().withThreads(2).withVariant(RopeVariant.LINEARATTN));
    }

    /** Receives tokens, some at a time. */
    private static final class Received implements Flow.Subscriber<Token> {
        private final List<Token> tokens = new ArrayList<>();
        private final CompletableFuture<List<Token>> all = new CompletableFuture<>();
        private final int atOnce;
        private Flow.Subscription subscription;

        private Received(int atOnce) {
            this.atOnce = atOnce;
        }

        @Override
        public void onSubscribe(Flow.Subscription newSubscription) {
            subscription = newSubscription;
            subscription.request(atOnce);
        }

        @Override
        public void onNext(Token token) {
            tokens.add(token);
            if (tokens.size() % atOnce == 0) {
                subscription.request(atOnce);
            }
        }

        @Override
        public void onError(Throwable failure) {
            all.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            all.complete(tokens);
        }
    }

    private static String text(List<Token> tokens) {
        return tokens.stream().map(Token::text).collect(Collectors.joining());
    }

    /** Returns the generation of a handle, whose published tokens must agree with its end. */
    private static Generation listenedResult(GenerationHandle handle) {
        Received received = new Received(3);
        handle.tokens().subscribe(received);
        Generation generation = handle.result().join();
        List<Token> tokens = received.all.join();
        assertThat(tokens.stream().filter(token -> !token.isTail())).containsExactlyElementsOf(generation.tokens());
        assertThat(text(tokens)).isEqualTo(generation.text());
        return generation;
    }

    private static void assertSame(String what, Generation found, Generation expected) {
        assertThat(found.text()).as(what).isEqualTo(expected.text());
        assertThat(found.tokens()).as(what).isEqualTo(expected.tokens());
        assertThat(found.finishReason()).as(what).isEqualTo(expected.finishReason());
    }

    /** Returns prompts of all lengths, many with the same beginning. */
    private static List<Request> requests(int count, int vocabulary, Random random) {
        int[] common = random.ints(400, 0, vocabulary).toArray();
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int shared = random.nextInt(3) * 140;
            int unshared = 1 + random.nextInt(i % 5 == 0 ? 150 : 20);
            int[] prompt = Arrays.copyOf(common, shared + unshared);
            for (int at = shared; at < prompt.length; at++) {
                prompt[at] = random.nextInt(vocabulary);
            }
            requests.add(new Request(prompt, options(1 + random.nextInt(25), i)));
        }
        return requests;
    }

    @ParameterizedTest
    @CsvSource({"models/t6-tiny, 1000000000", "models/t6-tiny, 4000000", "golden/llama-mla, 1000000000",
        "golden/llama-gqa, 1000000000", "golden_wide/mistral-wide, 1000000000",
        "golden_olala/full-mmmmv, 1000000000", "golden_olala/full-mmmmv, 4000000"})
    void eachEqualsItsResultAlone(String folder, long bytes) throws InterruptedException {
        Random random = new Random(SEED);
        try (Model model = load(folder);
                Scheduler scheduler = new Scheduler(model, limits(20, 60, bytes))) {
            List<Request> requests = requests(60, model.info().sizes().vocabulary(), random);
            List<GenerationHandle> handles = new ArrayList<>();
            for (Request request : requests) {
                handles.add(submitted(scheduler, request));
                if (random.nextInt(4) == 0) {
                    Thread.sleep(random.nextInt(5));
                }
            }
            for (int i = 0; i < handles.size(); i++) {
                assertSame("seed " + SEED + ", request " + i, listenedResult(handles.get(i)),
                        alone(model, requests.get(i)));
            }
        }
    }

    @Test
    void computedIdsAreNotComputedAgain() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(4, 0, PLENTY));
                Session session = model.newSession()) {
            int[] first = new Random(SEED).ints(300, 0, 4096).toArray();
            Request long1 = new Request(first, options(10, 1));
            Generation generation = listenedResult(submitted(scheduler, long1));
            int[] second = IntStream.concat(
                    Arrays.stream(first),
                    IntStream.concat(generation.tokens().stream().mapToInt(Token::id), IntStream.of(7)))
                    .toArray();
            Request long2 = new Request(second, options(10, 2));
            GenerationHandle handle = submitted(scheduler, long2);
            Generation two = listenedResult(handle);
            // the last chosen id is fed, too; if bits depend on passes, only whole passes of the prompt count
            boolean passesMatter = SessionCore.of(session).state().passesMatter();
            int expected = passesMatter ? 300 / Model.maxPassRows() * Model.maxPassRows() : 310;
            assertThat(handle.cachedTokens()).isEqualTo(expected);
            assertSame("second", two, alone(model, long2));
            assertThat(scheduler.metrics().cachedIds()).isEqualTo(expected);
        }
    }

    /**
     * Windows of 70 do not reach back to 300, and states to no earlier token, so the second prompt keeps the cache there
     * for others.
     */
    @ParameterizedTest
    @CsvSource({"golden_wide/mistral-wide, 440", "golden_olala/full-mmmmv, 300"})
    void aBeginningOutOfReachIsKeptFromTheSecondPromptOn(String name, int within) throws InterruptedException {
        Random random = new Random(SEED);
        try (Model model = load(name);
                Scheduler scheduler = new Scheduler(model, limits(4, 0, PLENTY))) {
            int vocabulary = model.info().sizes().vocabulary();
            int[] common = random.ints(300, 0, vocabulary).toArray();
            List<Integer> found = new ArrayList<>();
            int[] last = {};
            for (int i = 0; i < 4; i++) {
                int[] prompt = IntStream.concat(Arrays.stream(common), random.ints(250, 0, vocabulary)).toArray();
                Request request = new Request(prompt, options(10, i));
                GenerationHandle handle = submitted(scheduler, request);
                Generation generation = listenedResult(handle);
                assertSame("seed " + SEED + ", prompt " + i, generation, alone(model, request));
                found.add(handle.cachedTokens());
                last = IntStream.concat(
                        Arrays.stream(prompt), generation.tokens().stream().mapToInt(Token::id)).toArray();
            }
            assertThat(found).containsExactly(0, 0, 300, 300);
            for (int length : List.of(560, 440)) { // all of it, and one that goes on from the third part
                int[] prompt = Arrays.copyOf(last, length + 1);
                prompt[length] = (length < last.length ? last[length] + 1 : 7) % vocabulary;
                Request request = new Request(prompt, options(10, 9));
                GenerationHandle handle = submitted(scheduler, request);
                assertSame("seed " + SEED + ", length " + length, listenedResult(handle), alone(model, request));
                assertThat(handle.cachedTokens()).isEqualTo(length == 440 ? within : length);
            }
        }
    }

    @Test
    void copiesHaveSeedsOfTheirOwn() {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(6, 0, PLENTY))) {
            int[] prompt = new Random(SEED).ints(200, 0, 4096).toArray();
            List<GenerationHandle> handles = scheduler.submitSamples(Prompt.of(prompt), 5, options(12, 40));
            GenerationHandle other = submitted(scheduler, new Request(new int[] {3}, options(2, 9)));
            for (int copy = 0; copy < 5; copy++) {
                Generation found = listenedResult(handles.get(copy));
                assertThat(found.seed()).isEqualTo(40 + copy);
                assertSame("copy " + copy, found, alone(model, new Request(prompt, options(12, 40 + copy))));
            }
            assertSame("other", listenedResult(other), alone(model, new Request(new int[] {3}, options(2, 9))));
            assertThat(scheduler.metrics().promptIds()).isEqualTo(201);
        }
    }

    @Test
    void theMostLikelyComeWithTheirToken() {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(2, 0, PLENTY));
                Session session = model.newSession()) {
            GenerationOptions greedy = options(5, 1).withSampling(SamplingOptions.greedy()).withTopLogprobs(3);
            Generation found = listenedResult(scheduler.submit(Prompt.of(5, 6), greedy));
            session.prefill(5, 6);
            for (Token token : found.tokens()) {
                assertThat(token.topLogprobs()).isEqualTo(session.mostLikely(3));
                assertThat(token.topLogprobs().getFirst().id()).isEqualTo(token.id());
                session.step(token.id());
            }
            assertThat(found.tokens()).hasSize(5);
        }
    }

    /** Fifty virtual threads submit at once; each gets the text that it gets alone. */
    @Test
    void fiftyVirtualThreads() throws Exception {
        List<String> prompts = List.of("The whale", "It was a dark night", "Call me", "The captain said:", "In 1851,");
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(12, 50, PLENTY));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Generation>> found = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                String prompt = prompts.get(i % 5).repeat(1 + i % 7);
                GenerationOptions generation = options(20, i);
                found.add(threads.submit(() -> listenedResult(scheduler.submit(prompt, generation))));
            }
            for (int i = 0; i < 50; i++) {
                try (Session session = model.newSession()) {
                    assertThat(found.get(i).get()).as("seed " + i)
                            .isEqualTo(session.generate(prompts.get(i % 5).repeat(1 + i % 7), options(20, i)));
                }
            }
        }
    }

    /** One long generation runs; the jobs behind it are queued when they are cancelled or past their deadline. */
    @Test
    void aWaitingRequestCanBeCancelled() throws Exception {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(1, 5, PLENTY))) {
            CountDownLatch begun = new CountDownLatch(1);
            AtomicBoolean left = new AtomicBoolean();
            GenerationHandle running =
                    scheduler.submit(Prompt.of(1), options(CONTEXT - 1, 1), token -> {
                        begun.countDown();
                        return !left.get();
                    });
            begun.await();
            Request small = new Request(new int[] {2, 3}, options(3, 2));
            GenerationHandle cancelled = submitted(scheduler, small);
            GenerationHandle future = submitted(scheduler, small);
            AtomicBoolean enough = new AtomicBoolean();
            GenerationHandle expired = scheduler.submit(
                    Prompt.of(2, 3),
                    small.options.withCall(CallOptions.defaults().withDeadline(Instant.now().minusSeconds(1))));
            GenerationHandle late = scheduler.submit(
                    Prompt.of(2, 3), small.options.withCall(CallOptions.defaults().withTimeout(Duration.ofMillis(1))));
            GenerationHandle supplied =
                    scheduler.submit(Prompt.of(2, 3),
                            small.options.withCall(CallOptions.defaults().withCancellation(enough::get)));
            cancelled.cancel();
            future.result().cancel(true);
            enough.set(true);
            assertNothing(cancelled, FinishReason.CANCELLED);
            assertNothing(expired, FinishReason.DEADLINE);
            assertNothing(late, FinishReason.DEADLINE);
            assertNothing(supplied, FinishReason.CANCELLED);
            assertThat(future.result()).isCancelled();
            assertThat(running.result()).as("runs on, so the others were in the queue").isNotDone();
            left.set(true);
            assertThat(running.result().get().finishReason()).isEqualTo(FinishReason.STOPPED_BY_LISTENER);
            assertSame("next", listenedResult(submitted(scheduler, small)), alone(model, small));
            assertThat(scheduler.metrics().promptIds()).as("none of those that left was fed").isEqualTo(1 + 2);
        }
    }

    private static void assertNothing(GenerationHandle handle, FinishReason reason) {
        Generation found = listenedResult(handle);
        assertThat(found.finishReason()).isEqualTo(reason);
        assertThat(found.tokens()).isEmpty();
        assertThat(found.promptTokens()).isEqualTo(2);
    }

    /** A deadline ends a generation that runs, with the beginning of the text that it has alone. */
    @Test
    void aDeadlineEndsARunningGeneration() {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(2, 0, PLENTY))) {
            AtomicInteger count = new AtomicInteger();
            Request request = new Request(new int[] {5}, options(100, 4));
            GenerationOptions until =
                    request.options.withCall(CallOptions.defaults().withCancellation(() -> count.get() >= 10));
            Generation found = scheduler.submit(Prompt.of(5), until, token -> {
                count.incrementAndGet();
                return true;
            }).result().join();
            assertThat(found.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(found.tokens()).isEqualTo(alone(model, request).tokens().subList(0, 10));
            Generation late = scheduler.submit(
                    Prompt.of(5),
                    options(CONTEXT - 1, 4).withCall(CallOptions.defaults().withTimeout(Duration.ofMillis(100))),
                    token -> {
                        LockSupport.parkNanos(5_000_000);
                        return true;
                    }).result().join();
            assertThat(late.finishReason()).isEqualTo(FinishReason.DEADLINE);
            assertThat(alone(model, new Request(new int[] {5}, options(CONTEXT - 1, 4))).text())
                    .startsWith(late.text());
        }
    }

    @Test
    void aListenerThatThrowsFailsItsGenerationOnly() {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(2, 0, PLENTY))) {
            Request other = new Request(new int[] {7}, options(30, 3));
            GenerationHandle good = submitted(scheduler, other);
            GenerationHandle bad = scheduler.submit(Prompt.of(1), options(30, 1), token -> {
                throw new IllegalStateException("broken");
            });
            assertThatThrownBy(bad.result()::join).hasRootCauseMessage("broken");
            assertSame("other", listenedResult(good), alone(model, other));
            assertThat(scheduler.metrics().running()).isZero();
        }
    }

    /** A short prompt does not wait until a long one is read, and the queue is in order. */
    @Test
    void aShortPromptDoesNotWaitForALongOne() {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(2, 4, PLENTY, 4000))) {
            List<String> order = Collections.synchronizedList(new ArrayList<>());
            int[] ids = new Random(SEED).ints(3900, 0, 4096).toArray();
            GenerationHandle longOne = scheduler.submit(Prompt.of(ids), options(1, 1), named(order, "long"));
            GenerationHandle shortOne = scheduler.submit(Prompt.of(9), options(3, 1), named(order, "short"));
            longOne.result().join();
            shortOne.result().join();
            assertThat(order).containsExactly("short", "long");
        }
    }

    @Test
    void promptsOfTheSameLengthEndInOrder() {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(5, 4, PLENTY, 1100))) {
            List<String> order = Collections.synchronizedList(new ArrayList<>());
            Random random = new Random(SEED);
            List<GenerationHandle> handles = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                Prompt prompt = Prompt.of(random.ints(1000, 0, 4096).toArray());
                handles.add(scheduler.submit(prompt, options(1, i), named(order, "prompt " + i)));
            }
            handles.forEach(handle -> handle.result().join());
            assertThat(order).containsExactly("prompt 0", "prompt 1", "prompt 2", "prompt 3", "prompt 4");
        }
    }

    /** A long prompt gets every second pass while many short ones wait. */
    @Tag("full")
    @Test
    void shortPromptsDoNotHoldUpALongOne() {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(8, 100, PLENTY, 4000))) {
            List<String> order = Collections.synchronizedList(new ArrayList<>());
            Random random = new Random(SEED);
            int[] ids = random.ints(2500, 0, 4096).toArray();
            GenerationHandle longOne = scheduler.submit(Prompt.of(ids), options(1, 1), named(order, "long"));
            List<GenerationHandle> shortOnes = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                int[] prompt = random.ints(120, 0, 4096).toArray();
                shortOnes.add(scheduler.submit(Prompt.of(prompt), options(1, i), named(order, "short")));
            }
            longOne.result().join();
            shortOnes.forEach(handle -> handle.result().join());
            assertThat(order.indexOf("long")).as("the long one has 20 parts").isBetween(10, 40);
        }
    }

    /** A generation goes on several times in each pass of a long prompt. */
    @Test
    void aLongPromptDoesNotHoldUpAGeneration() throws Exception {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(2, 4, PLENTY, 4000))) {
            AtomicInteger tokens = new AtomicInteger();
            CountDownLatch begun = new CountDownLatch(1);
            Request running = new Request(new int[] {5}, options(CONTEXT - 1, 1));
            GenerationHandle handle = scheduler.submit(Prompt.of(5), running.options, token -> {
                tokens.incrementAndGet();
                begun.countDown();
                return true;
            });
            begun.await();
            int before = tokens.get();
            int[] ids = new Random(SEED).ints(3900, 0, 4096).toArray();
            AtomicInteger after = new AtomicInteger();
            scheduler.submit(Prompt.of(ids), options(1, 1), token -> {
                after.set(tokens.get());
                return true;
            }).result().join();
            assertThat(after.get() - before).as("31 passes, with several steps in each").isGreaterThan(40);
            assertSame("running", listenedResult(handle), alone(model, running));
        }
    }

    private static TokenListener named(List<String> order, String name) {
        return new TokenListener() {
            @Override
            public boolean onToken(Token token) {
                return true;
            }

            @Override
            public void onFinish(Generation generation) {
                order.add(name);
            }
        };
    }

    @Test
    void subscribersReceiveAllOrTheRequestedTokens() {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(2, 0, PLENTY))) {
            GenerationHandle handle = submitted(scheduler, new Request(new int[] {5}, options(20, 4)));
            Received slow = new Received(1);
            handle.tokens().subscribe(slow);
            Generation found = handle.result().join();
            Received late = new Received(1000); // subscribes after the end
            handle.tokens().subscribe(late);
            assertThat(text(slow.all.join())).isEqualTo(text(late.all.join())).isEqualTo(found.text());
            Received wrong = new Received(0);
            handle.tokens().subscribe(wrong);
            assertThatThrownBy(wrong.all::join).hasRootCauseMessage("request: expected 1 or more tokens, found fewer");
        }
    }

    @Test
    void cancellationFreesTheCache() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(2, 2, PLENTY))) {
            List<GenerationHandle> handles = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                handles.add(submitted(scheduler, new Request(new int[] {i}, options(CONTEXT - 1, i))));
            }
            handles.forEach(GenerationHandle::cancel);
            for (GenerationHandle handle : handles) {
                assertThat(listenedResult(handle).finishReason()).isEqualTo(FinishReason.CANCELLED);
            }
            Request other = new Request(new int[] {9}, options(3, 1)); // the counts are those before a step
            listenedResult(submitted(scheduler, other));
            assertThat(scheduler.drain(Duration.ofSeconds(60))).isTrue();
            assertThat(scheduler.metrics().running()).isZero();
            assertThat(scheduler.metrics().cacheBytes()).isZero();
        }
    }

    /** Linear attention takes as much memory for the first id as for all. */
    @Test
    void aStateCountsToo() throws InterruptedException {
        ModelOptions linear = ModelOptions.defaults().withVariant(RopeVariant.LINEARATTN);
        try (Model model = Model.load(TESTDATA.resolve("golden/T6_linearattn"), linear);
                Session session = model.newSession()) {
            Request request = new Request(new int[] {1}, options(3, 1));
            long state = session.cacheBytes();
            assertThat(state).isPositive();
            try (Scheduler small =
                    new Scheduler(model, limits(1, 1, state - 1, 8))) {
                assertRefused(small, request, Reason.TOO_LARGE, "found a request that may take " + state);
            }
            try (Scheduler enough =
                    new Scheduler(model, limits(1, 1, state, 8))) {
                assertThat(listenedResult(submitted(enough, request)).tokens()).hasSize(3);
            }
        }
    }

    /** A hybrid model needs its pages, and the matrices of its states twice while it reads a prompt. */
    @Test
    void statesAndPagesCountTogether() throws InterruptedException {
        // layers M of 9 heads: matrices of 8 columns, padded to 32, by 16; tails of 4 phases, 3 numbers, x and keys of two
        // tokens; layers V of 64 tokens with B, A, alpha and rho of keys, and B, A and alpha of values, and padding
        long states = 2L * 8 * 9 * 4 * (32 * 16 + 4 + 3 + 2 * 8 + 2 * 4 * 16);
        long needed = states + 2L * 64 * 4 * (40 + 8 + 2 + 2 + 40 + 8 + 2 + 1);
        try (Model model = load("golden_olala/full-mmmmv")) {
            Request request = new Request(new int[] {1, 2, 3}, options(3, 1));
            try (Scheduler small = new Scheduler(model, limits(1, 1, needed - 1, 8))) {
                assertRefused(small, request, Reason.TOO_LARGE, "found a request that may take " + needed);
            }
            try (Scheduler enough = new Scheduler(model, limits(1, 1, needed, 8))) {
                assertThat(listenedResult(submitted(enough, request)).tokens()).hasSize(3);
            }
        }
    }

    @Test
    void tooLargeRequestsAreRefused() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(1, 1, 1 << 20))) {
            Request small = new Request(new int[] {1}, options(50, 1));
            assertRefused(scheduler, new Request(new int[] {1}, options(CONTEXT, 1)), Reason.TOO_LARGE,
                    "found a request that may take");
            List<GenerationHandle> taken = List.of(submitted(scheduler, small), submitted(scheduler, small));
            assertRefused(scheduler, small, Reason.QUEUE_FULL, "the limit is 2: try again later");
            assertThatThrownBy(() -> submitted(scheduler, new Request(new int[CONTEXT + 1], options(1, 1))))
                    .hasMessage("prompt: expected at most 600 tokens, the context, found 601");
            assertThatThrownBy(() -> submitted(scheduler, new Request(new int[] {4096}, options(1, 1))))
                    .hasMessage("prompt: expected ids from 0 to 4095, found 4096");
            assertThatThrownBy(() -> scheduler.submitSamples(Prompt.of(0), 2, options(1, 1)))
                    .hasMessage("samples: expected 1 to 1, found 2");
            assertThatThrownBy(() -> scheduler.submit(Prompt.of(new int[0]), options(1, 1)))
                    .hasMessage("prompt: expected at least one id, found none");
            SamplingOptions biased = SamplingOptions.defaults().withLogitBias(Map.of(5000, 1f));
            assertThatThrownBy(
                    () -> submitted(scheduler, new Request(new int[] {1}, options(1, 1).withSampling(biased))))
                    .hasMessageContaining("logitBias");
            for (GenerationHandle handle : taken) {
                assertSame("small", listenedResult(handle), alone(model, small));
            }
        }
    }

    private static void assertRefused(Scheduler scheduler, Request request, Reason reason, String message) {
        assertThatThrownBy(() -> submitted(scheduler, request))
                .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining(message);
    }

    @Test
    void drainingLosesNone() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(3, 10, PLENTY))) {
            List<Request> requests = requests(10, 4096, new Random(SEED));
            List<GenerationHandle> handles = requests.stream().map(request -> submitted(scheduler, request)).toList();
            assertThat(scheduler.drain(Duration.ofSeconds(100))).isTrue();
            assertRefused(scheduler, requests.getFirst(), Reason.CLOSED, "is stopping");
            for (int i = 0; i < handles.size(); i++) {
                assertSame("request " + i, listenedResult(handles.get(i)), alone(model, requests.get(i)));
            }
        }
    }

    @Test
    void closingEndsAll() throws InterruptedException {
        List<GenerationHandle> handles = new ArrayList<>();
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(2, 10, PLENTY))) {
            for (int i = 0; i < 8; i++) {
                handles.add(submitted(scheduler, new Request(new int[] {i}, options(CONTEXT - 1, i))));
            }
            assertThat(scheduler.drain(Duration.ofMillis(1))).isFalse();
        }
        for (GenerationHandle handle : handles) {
            assertThat(listenedResult(handle).finishReason()).isEqualTo(FinishReason.CANCELLED);
        }
    }

    @Test
    void aModelThatComputesNanFailsItsRequestsOnly() throws InterruptedException {
        try (Model model = load("hostile/nan-weights");
                Scheduler scheduler = new Scheduler(model, limits(2, 2, PLENTY))) {
            for (int i = 0; i < 3; i++) {
                GenerationHandle handle = submitted(scheduler, new Request(new int[] {i}, options(5, i)));
                assertThatThrownBy(handle.result()::join)
                        .rootCause().hasMessageContaining("expected finite numbers or -Infinity, found NaN");
            }
            assertThat(scheduler.metrics().running()).isZero();
        }
    }

    @Test
    void aModelClosedTooEarlyLeavesNothingRunning() throws InterruptedException {
        Model model = tiny();
        try (Scheduler scheduler = new Scheduler(model, limits(2, 10, PLENTY))) {
            List<GenerationHandle> handles = new ArrayList<>();
            CompletableFuture<Boolean> closed = new CompletableFuture<>();
            for (int i = 0; i < 5; i++) {
                handles.add(scheduler.submit(Prompt.of(i), options(CONTEXT - 1, i), token -> closed.join()));
            }
            model.close();
            closed.complete(true);
            for (GenerationHandle handle : handles) {
                assertThatThrownBy(() -> handle.result().get(100, TimeUnit.SECONDS))
                        .rootCause().hasMessageContaining("closed");
            }
            assertThat(scheduler.drain(Duration.ofSeconds(100))).isTrue();
            assertThat(scheduler.metrics().running()).isZero();
            assertThat(scheduler.metrics().waiting()).isZero();
        }
    }

    /** A pass may take longer than a check of the scheduler waits. */
    @Test
    void progressGrowsWithinAPass() throws Exception {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, limits(1, 1, PLENTY))) {
            submitted(scheduler, new Request(new int[100], options(1, 1))).result().join();
            assertThat(scheduler.progress()).as("after %s", scheduler.metrics()).isGreaterThan(10);
            assertThat(scheduler.metrics().passes()).isLessThan(3);
            long idle = scheduler.progress();
            Thread.sleep(100);
            assertThat(scheduler.progress()).isEqualTo(idle);
        }
    }
}
