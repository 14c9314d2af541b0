package io.github.t6j.jmh.soak;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Clients that ask questions until they are stopped, compare the answers, and sometimes disconnect. */
final class Clients {
    private static final int BUSY = 429;
    private static final int UNAVAILABLE = 503;

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Question> questions = new ArrayList<>();
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger disconnects = new AtomicInteger();
    private final AtomicInteger refusals = new AtomicInteger();
    private final AtomicInteger broken = new AtomicInteger();
    private final AtomicInteger wrong = new AtomicInteger();
    private volatile URI url;
    private volatile boolean isKilled;
    private volatile boolean stopped;

    /** Sets the address of the server, which a restart changes. */
    void connect(URI newUrl) {
        url = newUrl;
    }

    void add(Question question) {
        questions.add(question);
    }

    void stop() {
        stopped = true;
    }

    /** Asks questions until {@link #stop}. */
    void run(long seed) {
        Random random = new Random(seed);
        while (!stopped) {
            Question question = questions.get(random.nextInt(questions.size()));
            URI asked = url;
            try {
                if (random.nextInt(8) == 0) {
                    disconnect(question, random);
                } else {
                    compare(question, random.nextBoolean());
                }
            } catch (IOException | RuntimeException e) {
                fail(question, e, asked);
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void compare(Question question, boolean stream) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> answer = http.send(request(question, stream), BodyHandlers.ofLines());
        try (Stream<String> lines = answer.body()) {
            if (answer.statusCode() == BUSY || answer.statusCode() == UNAVAILABLE) {
                refusals.incrementAndGet();
                Thread.sleep(Duration.ofMillis(300));
                return;
            }
            String found = stream ? Answers.text(lines) : Answers.text(String.join("", lines.toList()));
            if (isKilled) { // a stopping server cuts answers short
                broken.incrementAndGet();
                return;
            }
            answers.incrementAndGet();
            if (!found.equals(question.expected())) {
                wrong.incrementAndGet();
                System.err
                        .println("soak: wrong answer to " + question.json(stream) + "\nexpected " + question.expected()
                                + "\nfound    " + found);
            }
        }
    }

    /** Disconnects after some lines of a stream. */
    private void disconnect(Question question, Random random) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> answer = http.send(request(question, true), BodyHandlers.ofLines());
        try (Stream<String> lines = answer.body()) {
            Iterator<String> line = lines.iterator();
            for (int left = random.nextInt(12); left > 0 && line.hasNext(); left--) {
                line.next();
            }
        }
        disconnects.incrementAndGet();
    }

    private HttpRequest request(Question question, boolean stream) {
        return HttpRequest.newBuilder(url.resolve(question.path())).timeout(Duration.ofMinutes(2))
                .POST(BodyPublishers.ofString(question.json(stream))).build();
    }

    /** Counts a connection that a kill has broken, or an error. */
    private void fail(Question question, Exception e, URI asked) {
        if (isKilled || !asked.equals(url)) {
            broken.incrementAndGet();
            return;
        }
        wrong.incrementAndGet();
        System.err.println("soak: " + question.path() + ": expected an answer, found " + e);
    }

    /** Announces that connections will break, or no longer. */
    void killed(boolean now) {
        isKilled = now;
    }

    int answers() {
        return answers.get();
    }

    int wrong() {
        return wrong.get();
    }

    String counts() {
        return answers + " | " + disconnects + " | " + refusals + " | " + broken + " | " + wrong;
    }
}
