package io.github.t6j.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Pushdown parser of a {@link Network}. A state is the set of all stacks that the bytes so far allow; states and their
 * transitions are computed once and kept, so that most steps are one array access. Thread-safe.
 */
final class Parser {
    /** Maximum number of cached states; beyond this, all are dropped and recomputed. */
    private static final int MAX_STATES = 20_000;
    /** Maximum number of stacks of a state; only very ambiguous grammars have more. */
    private static final int MAX_STACKS = 10_000;
    /** Maximum number of stacks visited on the way to a state. */
    private static final int MAX_SEEN = 100_000;
    /** Maximum number of stacks of all kept states together. */
    private static final int MAX_HELD = 1_000_000;

    /** Node, and the nodes where the rules that called its rule continue. */
    private static final class Stack {
        private final int node;
        private final Stack caller; // null in the root rule
        private final int id;

        Stack(int node, Stack caller, int id) {
            this.node = node;
            this.caller = caller;
            this.id = id;
        }
    }

    /** Set of stacks, each at a node with edges of bytes. */
    static final class State {
        private final Stack[] stacks;
        private final boolean mayEnd;
        private final State[] next; // by class of bytes; null where not computed

        private State(Stack[] stacks, boolean mayEnd, int classes) {
            this.stacks = stacks;
            this.mayEnd = mayEnd;
            this.next = new State[classes];
        }

        /** Returns true if the text may end here. */
        boolean mayEnd() {
            return mayEnd;
        }

        /** Returns true if a byte may follow. */
        boolean mayContinue() {
            return stacks.length > 0;
        }

        /** Returns true if no text begins with the bytes that led here. */
        boolean isDead() {
            return stacks.length == 0 && !mayEnd;
        }
    }

    private record Place(int node, Stack caller) {}

    private record Content(List<Integer> stacks, boolean mayEnd) {}

    private final Network network;
    private final int[] classes = new int[256]; // class of each byte; bytes of a class have the same edges
    private final int[] representatives; // a byte of each class
    private final Map<Place, Stack> stacks = new HashMap<>();
    private final Map<Content, State> states = new HashMap<>();
    private int nextId;
    private int held; // stacks of all kept states
    private final State start;

    Parser(Network network) {
        this.network = network;
        representatives = classify();
        synchronized (this) {
            start = closure(List.of(stack(network.rootStart(), null)));
        }
    }

    /** Numbers the classes of bytes that every edge treats alike, and returns a byte of each. */
    private int[] classify() {
        boolean[] cuts = new boolean[257];
        for (int node = 0; node < network.size(); node++) {
            for (Network.ByteEdge edge : network.bytes(node)) {
                cuts[edge.first()] = true;
                cuts[edge.last() + 1] = true;
            }
        }
        int[] found = new int[256];
        int count = 1;
        for (int value = 1; value < 256; value++) {
            if (cuts[value]) {
                found[count++] = value;
            }
            classes[value] = count - 1;
        }
        return Arrays.copyOf(found, count);
    }

    State start() {
        return start;
    }

    /** Returns the number of stacks to visit for the state after {@code value}, or 0 if that is cached. */
    int work(State state, int value) {
        return state.next[classes[value]] == null ? state.stacks.length + 1 : 0;
    }

    /** Returns the state after the byte {@code value}, 0 to 255. */
    State next(State state, int value) {
        State next = state.next[classes[value]];
        return next != null ? next : compute(state, classes[value]);
    }

    /** Returns the only byte that may follow {@code state}, 0 to 255; −1 if there are several, or the text may end. */
    int forced(State state) {
        int found = -1;
        for (int index = 0; index < representatives.length && !state.mayEnd; index++) {
            int first = representatives[index];
            int end = index + 1 < representatives.length ? representatives[index + 1] : 256;
            if (!next(state, first).isDead()) {
                if (found >= 0 || end - first > 1) {
                    return -1;
                }
                found = first;
            }
        }
        return found;
    }

    private synchronized State compute(State state, int byteClass) {
        int value = representatives[byteClass];
        List<Stack> moved = new ArrayList<>();
        for (Stack stack : state.stacks) {
            for (Network.ByteEdge edge : network.bytes(stack.node)) {
                if (edge.first() <= value && value <= edge.last()) {
                    moved.add(stack(edge.to(), stack.caller));
                }
            }
        }
        return state.next[byteClass] = closure(moved);
    }

    private Stack stack(int node, Stack caller) {
        return stacks.computeIfAbsent(new Place(node, caller), _ -> new Stack(node, caller, nextId++));
    }

    /** Follows empty edges, calls and returns from {@code moved} until bytes are needed. */
    private State closure(List<Stack> moved) {
        Set<Stack> seen = new LinkedHashSet<>(moved);
        List<Stack> work = new ArrayList<>(moved);
        List<Stack> waiting = new ArrayList<>();
        boolean mayEnd = false;
        while (!work.isEmpty()) {
            Stack stack = work.removeLast();
            if (!network.bytes(stack.node).isEmpty()) {
                waiting.add(stack);
            }
            List<Stack> further = new ArrayList<>();
            network.empties(stack.node).forEach(to -> further.add(stack(to, stack.caller)));
            network.calls(stack.node).forEach(edge -> further.add(
                    stack(network.start(edge.rule()), returnTo(edge.to(), stack.caller))));
            if (network.isEnd(stack.node)) {
                mayEnd |= stack.caller == null;
                if (stack.caller != null) {
                    further.add(stack.caller);
                }
            }
            for (Stack reached : further) {
                if (seen.add(reached)) {
                    work.add(reached);
                }
            }
            if (waiting.size() > MAX_STACKS || seen.size() > MAX_SEEN) {
                throw new IllegalArgumentException("grammar: expected at most " + MAX_STACKS
                        + " ways to read a text, found more; it is too ambiguous");
            }
        }
        waiting.sort((a, b) -> Integer.compare(a.id, b.id));
        return state(waiting, mayEnd);
    }

    /** Returns the stack after a call; a rule that ends right after it is left out, so that lists need no depth. */
    private Stack returnTo(int node, Stack caller) {
        int at = node;
        while (!network.isEnd(at)
                && network.bytes(at).isEmpty() && network.calls(at).isEmpty() && network.empties(at).size() == 1) {
            at = network.empties(at).getFirst();
        }
        boolean last = network.isEnd(at) && network.bytes(at).isEmpty() && network.calls(at).isEmpty()
                && network.empties(at).isEmpty();
        return last && caller != null ? caller : stack(at, caller);
    }

    private State state(List<Stack> waiting, boolean mayEnd) {
        if (states.size() >= MAX_STATES || held >= MAX_HELD || stacks.size() >= MAX_HELD) {
            states.values().forEach(state -> Arrays.fill(state.next, null));
            Arrays.fill(start.next, null);
            states.clear();
            stacks.clear();
            held = 0;
        }
        Content content = new Content(waiting.stream().map(stack -> stack.id).toList(), mayEnd);
        return states.computeIfAbsent(content, _ -> {
            held += waiting.size();
            return new State(waiting.toArray(Stack[]::new), mayEnd, representatives.length);
        });
    }
}
