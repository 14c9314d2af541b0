package io.github.t6j.cli.formats;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.attention.AttentionPath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A session that is fed a prompt and some more ids, one by one: its logits, and the passes that fed it. */
public final class Fed {
    /** Ids of the prompt, more than four pages. */
    public static final int PROMPT = 300;

    /** Ids of the prompt and those after it. */
    public static final int LENGTH = PROMPT + 20;

    /** Ids fed to the oracle, which computes in float64; more than a page. */
    private static final int ORACLE = 70;

    /** Position of the event of a session, inside a page. */
    public static final int MIDDLE = 172;

    /** Event of a session in the middle of its prompt. */
    public enum Event {
        NOTHING, SAVED, FORKED, CUT, BESIDE
    }

    private final Model model;
    private final SessionOptions options;
    private final int[] ids;
    private final float[][] logits = new float[LENGTH][]; // after the id at a position; null if not read
    private final int[] passRows = new int[LENGTH]; // rows of the pass that fed a position
    private final List<Session> opened = new ArrayList<>();
    private Session session;
    private Session neighbor; // fed in the same passes, or null

    private Fed(Model model, SessionOptions options, int[] ids) {
        this.model = model;
        this.options = options;
        this.ids = ids;
        session = open();
    }

    private Session open() {
        opened.add(model.newSession(options));
        return opened.getLast();
    }

    /** Feeds the prompt at once, then the most likely id repeatedly; appends these ids to the prompt. */
    public static Fed greedily(Model model, SessionOptions options, int[] ids) {
        Fed fed = new Fed(model, options, ids);
        fed.prefill(0, PROMPT);
        for (int position = PROMPT; position < LENGTH; position++) {
            ids[position] = fed.greedy(position - 1);
            fed.decode(position);
        }
        fed.close();
        return fed;
    }

    /** Feeds the first ids to attention computed in float64, by its definition. */
    public static Fed byOracle(Model model, SessionOptions options, int[] ids) {
        Fed fed = new Fed(model, AttentionPath.MATERIALIZED.of(options), ids);
        fed.prefill(0, ORACLE);
        fed.close();
        return fed;
    }

    /** Feeds {@code ids} in chunks, with an event in the middle of the prompt. */
    public static Fed inChunks(Model model, SessionOptions options, int[] ids, int chunk, Event event, boolean linear,
            Path file) {
        Fed fed = new Fed(model, options, ids);
        if (event == Event.NOTHING) {
            fed.prefill(0, PROMPT, chunk);
        } else {
            fed.prefill(0, MIDDLE, chunk);
            fed.happen(event, chunk, linear, file);
            fed.prefill(MIDDLE, PROMPT, chunk);
        }
        for (int position = PROMPT; position < LENGTH; position++) {
            fed.decode(position);
        }
        fed.close();
        return fed;
    }

    /**
     * Feeds {@code ids} in passes that differ from {@code other}'s, but have the same form at each position.
     *
     * @param longPass rows from which a pass has another form
     */
    public static Fed inSameForms(Model model, SessionOptions options, int[] ids, Fed other, int longPass) {
        Fed fed = new Fed(model, options, ids);
        for (int from = 0, to; from < LENGTH; from = to) {
            boolean isLong = other.passRows[from] >= longPass;
            to = from + 1;
            while (to < LENGTH && other.passRows[to] >= longPass == isLong) {
                to++;
            }
            int piece = isLong ? longPass + 5 : longPass - 7;
            for (int at = from; at < to;) {
                int rows = isLong && to - at < 2 * piece ? to - at : Math.min(piece, to - at);
                fed.prefill(at, at + rows);
                at += rows;
            }
        }
        fed.close();
        return fed;
    }

    /** Feeds ids from {@code from} to {@code to} at once, and reads the logits after each. */
    private void prefill(int from, int to) {
        session.prefill(Arrays.copyOfRange(ids, from, to), (position, row) -> logits[position] = row.clone());
    }

    /** Feeds ids from {@code from} to {@code to} in chunks, and reads the logits after each chunk. */
    private void prefill(int from, int to, int chunk) {
        for (int at = from; at < to; at += chunk) {
            int end = Math.min(at + chunk, to);
            feed(Arrays.copyOfRange(ids, at, end));
            for (int position = at; position < end; position++) {
                int pass = (position - at) / Model.maxPassRows() * Model.maxPassRows();
                passRows[position] = Math.min(Model.maxPassRows(), end - at - pass);
            }
            logits[end - 1] = session.logits().clone();
        }
    }

    private void feed(int[] ids) {
        if (neighbor == null) {
            session.prefill(ids);
        } else {
            model.feed(List.of(neighbor, session), new int[] {ids[0]}, ids);
        }
    }

    private void decode(int position) {
        if (neighbor == null) {
            session.step(ids[position]);
        } else {
            model.step(List.of(neighbor, session), ids[0], ids[position]);
        }
        passRows[position] = 1;
        logits[position] = session.logits().clone();
    }

    private void happen(Event event, int chunk, boolean linear, Path file) {
        switch (event) {
            case SAVED -> {
                session.save(file);
                session = open();
                session.restore(file);
            }
            case FORKED -> {
                opened.add(session.fork());
                session.prefill(Arrays.copyOf(ids, 30));
                session = opened.getLast();
            }
            case CUT -> {
                session.prefill(Arrays.copyOf(ids, 60));
                session.truncate(linear ? 0 : MIDDLE);
                prefill(session.position(), MIDDLE, chunk);
            }
            case BESIDE -> {
                neighbor = open();
                neighbor.prefill(Arrays.copyOfRange(ids, 1, 70));
            }
            default -> throw new AssertionError(event);
        }
    }

    /** Returns the logits after the id at each position; null if they were not read. */
    public float[][] logits() {
        return logits;
    }

    /** Returns the most likely id after the one at {@code position}. */
    public int greedy(int position) {
        int best = 0;
        for (int id = 1; id < logits[position].length; id++) {
            best = logits[position][id] > logits[position][best] ? id : best;
        }
        return best;
    }

    private void close() {
        opened.forEach(Session::close);
    }
}
