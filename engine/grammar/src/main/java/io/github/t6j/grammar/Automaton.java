package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Language;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Deterministic finite automaton over code points. State 0 is the start. Languages of JSON strings and numbers are
 * intersected as automata, because a pattern, a length and a format must hold together.
 */
final class Automaton {
    /** Maximum number of states; patterns whose automaton is larger are rejected. */
    static final int MAX_STATES = 50_000;
    /** Maximum number of bits of the sets of nodes while an automaton is built: 128 MB. */
    private static final long MAX_BITS = 1L << 30;

    /** Edge: characters {@code first} to {@code last} lead to {@code state}. */
    record Edge(int first, int last, int state) {}

    private final List<List<Edge>> edges; // by state; ascending, not overlapping
    private final BitSet accepting;

    Automaton(List<List<Edge>> edges, BitSet accepting) {
        this.edges = edges;
        this.accepting = accepting;
    }

    int states() {
        return edges.size();
    }

    List<Edge> edges(int state) {
        return edges.get(state);
    }

    boolean accepts(int state) {
        return accepting.get(state);
    }

    boolean accepts(String text) {
        int state = 0;
        for (int c : text.codePoints().toArray()) {
            int next = -1;
            for (Edge edge : edges.get(state)) {
                next = edge.first <= c && c <= edge.last ? edge.state : next;
            }
            if (next < 0) {
                return false;
            }
            state = next;
        }
        return accepts(state);
    }

    /**
     * Returns the automaton of an expression without rules.
     *
     * @throws IllegalArgumentException if it has more than {@link #MAX_STATES}
     */
    static Automaton of(Expression expression) {
        return new Subsets(expression).build();
    }

    /** Returns the automaton of the texts that this one does not accept. */
    Automaton complement() {
        int sink = states();
        List<List<Edge>> all = new ArrayList<>();
        for (int state = 0; state <= sink; state++) {
            List<Edge> outgoing = state < sink ? edges.get(state) : List.of();
            CodePoints covered = CodePoints.of(
                    outgoing.stream().flatMapToInt(edge -> IntStream.of(edge.first, edge.last)).toArray());
            CodePoints rest = covered.complement();
            List<Edge> complete = new ArrayList<>(outgoing);
            for (int i = 0; i < rest.ranges(); i++) {
                complete.add(new Edge(rest.first(i), rest.last(i), sink));
            }
            complete.sort((a, b) -> Integer.compare(a.first, b.first));
            all.add(complete);
        }
        BitSet rejecting = (BitSet) accepting.clone();
        rejecting.flip(0, sink + 1);
        return new Automaton(all, rejecting).trim();
    }

    /**
     * Returns the automaton of the texts that both accept, without dead states.
     *
     * @throws IllegalArgumentException if it has more than {@link #MAX_STATES}
     */
    Automaton intersect(Automaton other) {
        Map<Long, Integer> known = new HashMap<>();
        List<Long> pairs = new ArrayList<>();
        List<List<Edge>> product = new ArrayList<>();
        BitSet both = new BitSet();
        known.put(0L, 0);
        pairs.add(0L);
        for (int i = 0; i < pairs.size(); i++) {
            int left = (int) (pairs.get(i) >> 32);
            int right = pairs.get(i).intValue();
            both.set(i, accepts(left) && other.accepts(right));
            List<Edge> shared = new ArrayList<>();
            for (Edge a : edges.get(left)) {
                for (Edge b : other.edges.get(right)) {
                    if (a.first <= b.last && b.first <= a.last) {
                        long pair = (long) a.state << 32 | b.state;
                        Integer target = known.get(pair);
                        if (target == null) {
                            checkStates(pairs.size() + 1);
                            target = pairs.size();
                            known.put(pair, target);
                            pairs.add(pair);
                        }
                        shared.add(new Edge(Math.max(a.first, b.first), Math.min(a.last, b.last), target));
                    }
                }
            }
            product.add(shared);
        }
        return new Automaton(product, both).trim();
    }

    /** Returns true if no text is accepted. */
    boolean isEmpty() {
        return trim().accepting.isEmpty();
    }

    /** Returns this automaton without edges to states from which no accepting state can be reached. */
    Automaton trim() {
        List<List<Integer>> sources = new ArrayList<>();
        edges.forEach(_ -> sources.add(new ArrayList<>()));
        for (int state = 0; state < states(); state++) {
            for (Edge edge : edges.get(state)) {
                sources.get(edge.state).add(state);
            }
        }
        BitSet live = (BitSet) accepting.clone();
        List<Integer> work = new ArrayList<>(live.stream().boxed().toList());
        while (!work.isEmpty()) {
            for (int source : sources.get(work.removeLast())) {
                if (!live.get(source)) {
                    live.set(source);
                    work.add(source);
                }
            }
        }
        if (live.cardinality() == states()) {
            return this;
        }
        return new Automaton(edges.stream()
                .map(outgoing -> outgoing.stream().filter(edge -> live.get(edge.state)).toList())
                .toList(), accepting);
    }

    private static void checkStates(int count) {
        Nodes.checkInterrupt();
        if (count > MAX_STATES) {
            throw new IllegalArgumentException("pattern: expected an automaton of at most " + MAX_STATES
                    + " states, found more; lower its repetitions and lengths");
        }
    }

    /** Subset construction: a state of the automaton is the set of nodes that a text may have reached. */
    private static final class Subsets extends Nodes {
        private final List<List<Edge>> nodeEdges = new ArrayList<>();
        private final List<List<Integer>> empties = new ArrayList<>();
        private final Map<BitSet, Integer> known = new HashMap<>();
        private final List<BitSet> sets = new ArrayList<>();
        private long bits; // of all sets
        private final int start = newNode();
        private final int end = newNode();

        Subsets(Expression expression) {
            add(expression, start, end);
        }

        private <T> List<T> of(List<List<T>> lists, int node) {
            while (lists.size() <= node) {
                lists.add(new ArrayList<>());
            }
            return lists.get(node);
        }

        @Override
        void addEmpty(int from, int to) {
            of(empties, from).add(to);
        }

        @Override
        void addCharacters(int from, int to, CodePoints set) {
            for (int i = 0; i < set.ranges(); i++) {
                countEdge();
                of(nodeEdges, from).add(new Edge(set.first(i), set.last(i), to));
            }
        }

        @Override
        void addCall(int from, int to, String rule) {
            throw new IllegalArgumentException("pattern: expected no rules, found " + rule);
        }

        @Override
        void addLanguage(int from, int to, Language language) {
            throw new IllegalArgumentException("pattern: expected no automaton inside another one");
        }

        Automaton build() {
            BitSet first = new BitSet();
            first.set(start);
            List<List<Edge>> edges = new ArrayList<>();
            BitSet accepting = new BitSet();
            state(first);
            for (int i = 0; i < sets.size(); i++) {
                accepting.set(i, sets.get(i).get(end));
                edges.add(edges(sets.get(i)));
            }
            return new Automaton(edges, accepting).trim();
        }

        /** Returns the state of the nodes that {@code set} reaches by empty edges. */
        private int state(BitSet set) {
            List<Integer> work = new ArrayList<>(set.stream().boxed().toList());
            while (!work.isEmpty()) {
                for (int to : of(empties, work.removeLast())) {
                    if (!set.get(to)) {
                        set.set(to);
                        work.add(to);
                    }
                }
            }
            Integer state = known.get(set);
            if (state == null) {
                state = sets.size();
                bits += set.length();
                checkStates(bits > MAX_BITS ? MAX_STATES + 1 : state + 1);
                known.put(set, state);
                sets.add(set);
            }
            return state;
        }

        /** Cuts the edges of all nodes of a set at their bounds, and merges pieces that lead to the same state. */
        private List<Edge> edges(BitSet set) {
            List<Edge> all = new ArrayList<>();
            set.stream().forEach(node -> all.addAll(of(nodeEdges, node)));
            TreeSet<Integer> cuts = new TreeSet<>();
            for (Edge edge : all) {
                cuts.add(edge.first);
                cuts.add(edge.last + 1);
            }
            int[] bounds = cuts.stream().mapToInt(Integer::intValue).toArray();
            BitSet[] targets = new BitSet[bounds.length];
            for (Edge edge : all) {
                for (int i = Arrays.binarySearch(bounds, edge.first); bounds[i] <= edge.last; i++) {
                    targets[i] = targets[i] == null ? new BitSet() : targets[i];
                    targets[i].set(edge.state);
                }
            }
            List<Edge> merged = new ArrayList<>();
            for (int i = 0; i + 1 < bounds.length; i++) {
                if (targets[i] != null) {
                    int state = state(targets[i]);
                    Edge last = merged.isEmpty() ? null : merged.getLast();
                    if (last != null && last.state == state && last.last + 1 == bounds[i]) {
                        merged.set(merged.size() - 1, new Edge(last.first, bounds[i + 1] - 1, state));
                    } else {
                        merged.add(new Edge(bounds[i], bounds[i + 1] - 1, state));
                    }
                }
            }
            return merged;
        }
    }
}
