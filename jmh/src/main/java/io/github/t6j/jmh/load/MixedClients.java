package io.github.t6j.jmh.load;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Measures many clients at once with prompts of mixed lengths: as many between 16 and 64 tokens as between 64 and 256,
 * and so on. Refused requests are sent again after the time that the server asks for.
 */
final class MixedClients {
    private static final int SHORTEST = 16;
    private static final int[] CLASSES = {128, 1024, Integer.MAX_VALUE}; // prompts of fewer tokens

    static final String HEAD = "| model | prompts | clients | refusals | first token: median, 99 % "
            + "| between tokens: median, 99 % |\n|---|---|--:|--:|--:|--:|";

    private final RemoteModel model;
    private final Random random;

    MixedClients(RemoteModel model, Random random) {
        this.model = model;
        this.random = random;
    }

    /** Returns the rows of the table: one for each class of lengths. */
    List<String> rows(int clients, int longest, int tokens) throws IOException, InterruptedException {
        List<List<Long>> prompts = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            double share = (i + random.nextDouble()) / clients;
            prompts.add(LoadCommand.prompt((int) (SHORTEST * Math.pow((double) longest / SHORTEST, share)), random));
        }
        Collections.shuffle(prompts, random);
        List<Streamed> streams = model.stream(prompts, tokens);
        List<String> rows = new ArrayList<>();
        int min = 0;
        for (int end : CLASSES) {
            List<Streamed> ofClass = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                int length = prompts.get(i).size();
                if (length >= min && length < end) {
                    ofClass.add(streams.get(i));
                }
            }
            String lengths = (end == Integer.MAX_VALUE ? min + " to " + longest : "below " + end) + " tokens";
            rows.add(row(lengths, ofClass));
            min = end;
        }
        return rows;
    }

    private String row(String lengths, List<Streamed> streams) {
        return String.format(Locale.ROOT, "| %s | %s | %d | %d | %s | %s |", model.name(), lengths, streams.size(),
                streams.stream().mapToInt(Streamed::refusals).sum(),
                Times.medianAnd99(streams.stream().map(Streamed::firstToken)),
                Times.medianAnd99(streams.stream().flatMap(stream -> stream.gaps().stream())));
    }
}
