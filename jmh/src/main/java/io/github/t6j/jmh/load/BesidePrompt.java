package io.github.t6j.jmh.load;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Measures the time between tokens of several clients, alone and while the server reads a long prompt. */
final class BesidePrompt {
    /** Tokens of each client before the long prompt is sent: they show the speed of the clients alone. */
    private static final int ALONE = 100;

    static final String HEAD = "| model | context | streams | long prompt | its first token "
            + "| between tokens alone: median, 99 % | beside it: median, 99 % | ratios |\n|---|--:|--:|--:|--:|--:|--:|--:|";

    private final RemoteModel model;

    BesidePrompt(RemoteModel model) {
        this.model = model;
    }

    /**
     * Returns a row of the table.
     *
     * @param prompts one for each client
     * @param longPrompt prompt that the server reads while the clients receive tokens
     */
    String row(List<List<Long>> prompts, List<Long> longPrompt) throws IOException, InterruptedException {
        List<Streamed> streams = new ArrayList<>();
        List<Future<?>> running = new ArrayList<>();
        Streamed read;
        long sent;
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (List<Long> prompt : prompts) {
                Streamed streamed = new Streamed();
                long seed = streams.size();
                int max = (int) model.contextLength() - prompt.size();
                streams.add(streamed);
                running.add(clients.submit(() -> model.stream(prompt, max, seed, streamed)));
            }
            for (int i = 0; i < prompts.size(); i++) {
                while (streams.get(i).tokens() < ALONE && !running.get(i).isDone()) {
                    Thread.sleep(10);
                }
            }
            sent = System.nanoTime();
            read = new Streamed();
            model.stream(longPrompt, 1, 0, read);
            streams.forEach(Streamed::stop);
            RemoteModel.await(running);
        }
        long begun = streams.stream().mapToLong(Streamed::first).max().orElseThrow();
        List<Double> alone = gaps(streams, begun, sent);
        List<Double> beside = gaps(streams, sent, read.first());
        return String.format(Locale.ROOT, "| %s | %d | %d | %d | %s | %s | %s | %s |", model.name(),
                prompts.getFirst().size(), prompts.size(), longPrompt.size(), Times.text(read.firstToken()),
                Times.medianAnd99(alone.stream()), Times.medianAnd99(beside.stream()), ratios(alone, beside));
    }

    private static List<Double> gaps(List<Streamed> streams, long from, long end) {
        return streams.stream().flatMap(stream -> stream.gaps(from, end).stream()).sorted().toList();
    }

    private static String ratios(List<Double> alone, List<Double> beside) {
        return alone.isEmpty() || beside.isEmpty()
                ? "–"
                : String.format(Locale.ROOT, "%.2f, %.2f",
                        Times.quantile(beside, 0.5) / Times.quantile(alone, 0.5),
                        Times.quantile(beside, 0.99) / Times.quantile(alone, 0.99));
    }
}
