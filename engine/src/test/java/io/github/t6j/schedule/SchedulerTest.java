package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.Token;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.RefusedException.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    private static SchedulerLimits limits(int running, int queued, long bytes) {
        return new SchedulerLimits(running, queued, bytes, CONTEXT);
    }

    private static GenerationOptions options(int tokens, long seed) {
        return GenerationOptions.defaults().withMaxTokens(tokens).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.defaults().withSeed(seed).withFrequencyPenalty(0.3f));
    }

    private static Generation alone(Model model, Request request) {
        try (Session session = model.newSession(SessionOptions.defaults().withContextLength(CONTEXT))) {
            return session.generate(request.prompt(), request.options(), token -> true);
        }
    }

    private static Ticket submitted(Scheduler scheduler, Request request) {
        Ticket ticket = new Ticket();
        scheduler.submit(request, ticket);
        return ticket;
    }

    private static Event last(Ticket ticket) throws InterruptedException {
        Event event = ticket.next();
        while (event instanceof Event.Chosen) {
            event = ticket.next();
        }
        return event;
    }

    /** Returns the generation of a ticket, whose events must agree with its end. */
    private static Generation heard(Ticket ticket) throws InterruptedException {
        List<Token> tokens = new ArrayList<>();
        while (true) {
            switch (ticket.next()) {
                case Event.Chosen(int _, Token token, var _) -> tokens.add(token);
                case Event.Ended(int _, Generation generation, var _) -> {
                    assertThat(generation.tokens()).isEqualTo(tokens);
                    return generation;
                }
                case Event.Scored _ -> throw new AssertionError("scored");
                case Event.Cancelled(int _) -> throw new AssertionError("cancelled");
                case Event.Failed(int _, RuntimeException cause) -> throw cause;
            }
        }
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
            int own = 1 + random.nextInt(i % 5 == 0 ? 150 : 20);
            int[] prompt = Arrays.copyOf(common, shared + own);
            for (int at = shared; at < prompt.length; at++) {
                prompt[at] = random.nextInt(vocabulary);
            }
            requests.add(Request.of(prompt, options(1 + random.nextInt(25), i)));
        }
        return requests;
    }

    @ParameterizedTest
    @CsvSource({"models/t6-tiny, 1000000000", "models/t6-tiny, 4000000", "golden/llama-mla, 1000000000",
        "golden/llama-gqa, 1000000000"})
    void eachIsWhatItIsAlone(String folder, long bytes) throws InterruptedException {
        Random random = new Random(SEED);
        try (Model model = load(folder);
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(20, 60, bytes))) {
            List<Request> requests = requests(60, model.info().sizes().vocabulary(), random);
            List<Ticket> tickets = new ArrayList<>();
            for (Request request : requests) {
                tickets.add(submitted(scheduler, request));
                if (random.nextInt(4) == 0) {
                    Thread.sleep(random.nextInt(5));
                }
            }
            for (int i = 0; i < tickets.size(); i++) {
                assertSame("seed " + SEED + ", request " + i, heard(tickets.get(i)), alone(model, requests.get(i)));
            }
        }
    }

    @Test
    void whatWasComputedIsNotComputedAgain() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(4, 0, PLENTY))) {
            int[] first = new Random(SEED).ints(300, 0, 4096).toArray();
            Request long1 = Request.of(first, options(10, 1));
            Generation one = heard(submitted(scheduler, long1));
            int[] second = IntStream.concat(
                    Arrays.stream(first), IntStream.concat(one.tokens().stream().mapToInt(Token::id), IntStream.of(7)))
                    .toArray();
            Request long2 = Request.of(second, options(10, 2));
            Event.Ended ended = (Event.Ended) last(submitted(scheduler, long2));
            // the last chosen id is fed, too; if bits depend on passes, only whole passes of the prompt count
            int expected = model.passesMatter() ? 300 / Model.maxPassRows() * Model.maxPassRows() : 310;
            assertThat(ended.cachedIds()).isEqualTo(expected);
            assertSame("second", ended.generation(), alone(model, long2));
            assertThat(scheduler.counts().cachedIds()).isEqualTo(expected);
        }
    }

    @Test
    void copiesHaveSeedsOfTheirOwn() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(6, 0, PLENTY))) {
            int[] prompt = new Random(SEED).ints(200, 0, 4096).toArray();
            Ticket ticket = submitted(scheduler, new Request(prompt, options(12, 40), 0, 5));
            scheduler.submit(Request.of(new int[] {3}, options(2, 9)), ticket);
            assertThat(ticket.size()).isEqualTo(6);
            Generation[] found = new Generation[6];
            for (int left = 6; left > 0;) {
                if (ticket.next() instanceof Event.Ended(int index, Generation generation, int _)) {
                    found[index] = generation;
                    left--;
                }
            }
            for (int copy = 0; copy < 5; copy++) {
                assertThat(found[copy].seed()).isEqualTo(40 + copy);
                assertSame("copy " + copy, found[copy], alone(model, Request.of(prompt, options(12, 40 + copy))));
            }
            assertSame("other", found[5], alone(model, Request.of(new int[] {3}, options(2, 9))));
            assertThat(scheduler.counts().promptIds()).isEqualTo(201);
        }
    }

    @Test
    void theLikeliestComeWithTheirToken() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(2, 0, PLENTY))) {
            GenerationOptions greedy = options(5, 1).withSampling(SamplingOptions.greedy());
            Ticket ticket = submitted(scheduler, new Request(new int[] {5, 6}, greedy, 3, 1));
            for (int i = 0; i < 5; i++) {
                Event.Chosen chosen = (Event.Chosen) ticket.next();
                assertThat(chosen.alternatives()).hasSize(3);
                assertThat(chosen.alternatives().getFirst().id()).isEqualTo(chosen.token().id());
                assertThat(chosen.alternatives().getFirst().logProbability())
                        .isEqualTo(chosen.token().logProbability());
            }
            assertThat(ticket.next()).isInstanceOf(Event.Ended.class);
        }
    }

    @Test
    void whoLeavesFreesTheCache() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(2, 2, PLENTY))) {
            List<Ticket> tickets = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                tickets.add(submitted(scheduler, Request.of(new int[] {i}, options(CONTEXT - 1, i))));
            }
            assertThat(tickets.getFirst().next()).isInstanceOf(Event.Chosen.class);
            tickets.forEach(Ticket::cancel);
            Event.Ended running = (Event.Ended) last(tickets.getFirst());
            assertThat(running.generation().finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(last(tickets.getLast())).isInstanceOf(Event.Cancelled.class);
            Request other = Request.of(new int[] {9}, options(3, 1)); // the counts are those before a step
            heard(submitted(scheduler, other));
            assertThat(scheduler.drain(Duration.ofSeconds(60))).isTrue();
            assertThat(scheduler.counts().running()).isZero();
            assertThat(scheduler.counts().cacheBytes()).isZero();
        }
    }

    /** Linear attention takes as much memory for the first id as for all. */
    @Test
    void aStateCountsToo() throws InterruptedException {
        ModelOptions linear = ModelOptions.defaults().withVariant(RopeVariant.LINEARATTN);
        try (Model model = Model.load(TESTDATA.resolve("golden/T6_linearattn"), linear);
                Session session = model.newSession()) {
            Request request = Request.of(new int[] {1}, options(3, 1));
            long state = session.cacheBytes();
            assertThat(state).isPositive();
            try (Scheduler small =
                    new Scheduler(model, SessionOptions.defaults(), new SchedulerLimits(1, 1, state - 1, 8))) {
                assertRefused(small, request, Reason.TOO_LARGE, "found a request that may take " + state);
            }
            try (Scheduler enough =
                    new Scheduler(model, SessionOptions.defaults(), new SchedulerLimits(1, 1, state, 8))) {
                assertThat(heard(submitted(enough, request)).tokens()).hasSize(3);
            }
        }
    }

    @Test
    void whatIsTooMuchIsRefused() throws InterruptedException {
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(1, 1, 1 << 20))) {
            Request small = Request.of(new int[] {1}, options(50, 1));
            assertRefused(scheduler, Request.of(new int[] {1}, options(CONTEXT, 1)), Reason.TOO_LARGE,
                    "found a request that may take");
            List<Ticket> taken = List.of(submitted(scheduler, small), submitted(scheduler, small));
            assertRefused(scheduler, small, Reason.QUEUE_FULL, "the limit is 2: try again later");
            assertThatThrownBy(() -> submitted(scheduler, Request.of(new int[CONTEXT + 1], options(1, 1))))
                    .hasMessage("prompt: expected at most 600 tokens, the context, found 601");
            assertThatThrownBy(() -> submitted(scheduler, Request.of(new int[] {4096}, options(1, 1))))
                    .hasMessage("prompt: expected ids from 0 to 4095, found 4096");
            assertThatThrownBy(() -> submitted(scheduler, new Request(new int[1], options(1, 1), 0, 2)))
                    .hasMessage("copies: expected at most 1, found 2");
            SamplingOptions biased = SamplingOptions.defaults().withLogitBias(Map.of(5000, 1f));
            assertThatThrownBy(
                    () -> submitted(scheduler, Request.of(new int[] {1}, options(1, 1).withSampling(biased))))
                    .hasMessageContaining("logitBias");
            for (Ticket ticket : taken) {
                assertSame("small", heard(ticket), alone(model, small));
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
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(3, 10, PLENTY))) {
            List<Request> requests = requests(10, 4096, new Random(SEED));
            List<Ticket> tickets = requests.stream().map(one -> submitted(scheduler, one)).toList();
            assertThat(scheduler.drain(Duration.ofSeconds(100))).isTrue();
            assertRefused(scheduler, requests.getFirst(), Reason.CLOSED, "is stopping");
            for (int i = 0; i < tickets.size(); i++) {
                assertSame("request " + i, heard(tickets.get(i)), alone(model, requests.get(i)));
            }
        }
    }

    @Test
    void closingEndsAll() throws InterruptedException {
        List<Ticket> tickets = new ArrayList<>();
        try (Model model = tiny();
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(2, 10, PLENTY))) {
            for (int i = 0; i < 8; i++) {
                tickets.add(submitted(scheduler, Request.of(new int[] {i}, options(CONTEXT - 1, i))));
            }
            assertThat(scheduler.drain(Duration.ofMillis(1))).isFalse();
        }
        for (Ticket ticket : tickets) {
            assertThat(last(ticket)).isInstanceOfAny(Event.Ended.class, Event.Cancelled.class);
        }
    }

    @Test
    void aModelThatComputesNoNumbersFailsItsRequestsOnly() throws InterruptedException {
        try (Model model = load("hostile/nan-weights");
                Scheduler scheduler = new Scheduler(model, SessionOptions.defaults(), limits(2, 2, PLENTY))) {
            for (int i = 0; i < 3; i++) {
                Event event = last(submitted(scheduler, Request.of(new int[] {i}, options(5, i))));
                assertThat(event).isInstanceOfSatisfying(Event.Failed.class,
                        failed -> assertThat(failed.cause())
                                .hasMessageContaining("expected finite numbers or -Infinity, found NaN"));
            }
            assertThat(scheduler.counts().running()).isZero();
        }
    }
}
