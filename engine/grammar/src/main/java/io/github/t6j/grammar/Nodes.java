package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Call;
import io.github.t6j.grammar.Expression.Characters;
import io.github.t6j.grammar.Expression.Choice;
import io.github.t6j.grammar.Expression.Language;
import io.github.t6j.grammar.Expression.Repeat;
import io.github.t6j.grammar.Expression.Sequence;
import java.util.concurrent.CancellationException;

/**
 * Translation of expressions into nodes and edges (Thompson's construction). Subclasses keep the edges; a node is an
 * index.
 */
abstract class Nodes {
    /** Maximum number of nodes, and of edges, of a grammar: about 200 MB. */
    static final int MAX_NODES = 500_000;

    private int count;
    private int edges;

    /** @throws IllegalArgumentException if the grammar is too large */
    final int newNode() {
        if (count == MAX_NODES) {
            throw new IllegalArgumentException("grammar: expected at most " + MAX_NODES
                    + " nodes, found more; lower its repetitions and lengths");
        }
        if ((count & 0xFFF) == 0) {
            checkInterrupt();
        }
        return count++;
    }

    /** Ends a construction that nobody waits for any more. @throws CancellationException if the thread is interrupted */
    static void checkInterrupt() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("grammar: interrupted");
        }
    }

    /** Counts an edge of characters or bytes. */
    final void countEdge() {
        if (++edges > 4 * MAX_NODES) {
            throw new IllegalArgumentException("grammar: expected at most " + 4 * MAX_NODES
                    + " edges, found more; lower its repetitions and lengths");
        }
    }

    /** Returns the number of nodes. */
    final int count() {
        return count;
    }

    abstract void addEmpty(int from, int to);

    abstract void addCharacters(int from, int to, CodePoints set);

    abstract void addCall(int from, int to, String rule);

    abstract void addLanguage(int from, int to, Language language);

    /** Adds the texts of {@code expression} as paths between two nodes. */
    final void add(Expression expression, int from, int to) {
        switch (expression) {
            case Sequence sequence -> {
                int at = from;
                for (Expression part : sequence.parts()) {
                    int next = newNode();
                    add(part, at, next);
                    at = next;
                }
                addEmpty(at, to);
            }
            case Choice choice -> choice.options().forEach(option -> add(option, from, to));
            case Repeat repeat -> addRepeat(repeat, from, to);
            case Characters characters -> addCharacters(from, to, characters.set());
            case Call call -> addCall(from, to, call.rule());
            case Language language -> addLanguage(from, to, language);
        }
    }

    private void addRepeat(Repeat repeat, int from, int to) {
        int at = newNode(); // not from, so that a loop does not return into what precedes it
        addEmpty(from, at);
        for (int i = 0; i < repeat.min(); i++) {
            at = addCopy(repeat.part(), at);
        }
        if (repeat.max() == Expression.UNLIMITED) {
            addEmpty(addCopy(repeat.part(), at), at);
        }
        for (int i = repeat.min(); i < repeat.max(); i++) {
            addEmpty(at, to);
            at = addCopy(repeat.part(), at);
        }
        addEmpty(at, to);
    }

    private int addCopy(Expression part, int from) {
        int next = newNode();
        add(part, from, next);
        return next;
    }
}
