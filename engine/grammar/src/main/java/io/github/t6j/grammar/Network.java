package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Language;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rules of a grammar as nodes, whose edges are ranges of bytes of UTF-8, empty, or calls of other rules. Contains only
 * nodes from which the end of their rule can be reached, so that a parser that is at a node can always finish.
 */
final class Network {
    /** Edge of a byte from {@code first} to {@code last}, unsigned. */
    record ByteEdge(int first, int last, int to) {}

    /** Edge of a text of a rule. */
    record CallEdge(int rule, int to) {}

    /** Edges of a node. */
    private static final class Node {
        private final List<ByteEdge> bytes = new ArrayList<>();
        private final List<CallEdge> calls = new ArrayList<>();
        private final List<Integer> empties = new ArrayList<>();
    }

    private final List<Node> nodes = new ArrayList<>();
    private final List<String> names; // of rules
    private final Map<String, Integer> indices = new HashMap<>(); // of rules by name
    private final int[] starts; // node where each rule starts
    private final int[] ends;
    private final BitSet endNodes = new BitSet();
    private final int root;
    private final BitSet alphabet;

    /**
     * Builds the network of rules.
     *
     * @param rules expression of each rule by name
     * @param rootRule name of the rule that a whole text matches
     * @param alphabet bytes that a text may contain
     * @throws IllegalArgumentException if a rule is missing or calls itself before any character, no text matches, or
     *     the grammar is too large
     */
    Network(Map<String, Expression> rules, String rootRule, BitSet alphabet) {
        this.alphabet = alphabet;
        names = List.copyOf(new LinkedHashMap<>(rules).keySet());
        for (int rule = 0; rule < names.size(); rule++) {
            indices.put(names.get(rule), rule);
        }
        starts = new int[names.size()];
        ends = new int[names.size()];
        root = names.indexOf(rootRule);
        Bytes builder = new Bytes();
        for (int rule = 0; rule < starts.length; rule++) {
            starts[rule] = builder.newNode();
            ends[rule] = builder.newNode();
            endNodes.set(ends[rule]);
            builder.add(rules.get(names.get(rule)), starts[rule], ends[rule]);
        }
        node(builder.count() - 1);
        keepFinishing();
        checkLeftRecursion();
    }

    int rootStart() {
        return starts[root];
    }

    int start(int rule) {
        return starts[rule];
    }

    boolean isEnd(int node) {
        return endNodes.get(node);
    }

    List<ByteEdge> bytes(int node) {
        return nodes.get(node).bytes;
    }

    List<CallEdge> calls(int node) {
        return nodes.get(node).calls;
    }

    List<Integer> empties(int node) {
        return nodes.get(node).empties;
    }

    int size() {
        return nodes.size();
    }

    /** Returns the bytes that texts may contain. */
    BitSet usedBytes() {
        BitSet used = new BitSet();
        nodes.forEach(node -> node.bytes.forEach(edge -> used.set(edge.first, edge.last + 1)));
        return used;
    }

    private Node node(int index) {
        while (nodes.size() <= index) {
            nodes.add(new Node());
        }
        return nodes.get(index);
    }

    /** Removes edges to nodes that cannot reach the end of their rule, and calls of rules without any text. */
    private void keepFinishing() {
        List<List<Integer>> sources = new ArrayList<>(); // by node: nodes with an edge of bytes or an empty edge to it
        List<List<int[]>> callers = new ArrayList<>(); //   by node: node and rule of each call that returns to it
        nodes.forEach(_ -> {
            sources.add(new ArrayList<>());
            callers.add(new ArrayList<>());
        });
        for (int n = 0; n < nodes.size(); n++) {
            int from = n;
            nodes.get(n).bytes.forEach(edge -> sources.get(edge.to).add(from));
            nodes.get(n).empties.forEach(to -> sources.get(to).add(from));
            nodes.get(n).calls.forEach(edge -> callers.get(edge.to).add(new int[] {from, edge.rule}));
        }
        BitSet finishing = finishing(sources, callers);
        if (!finishing.get(rootStart())) {
            throw new IllegalArgumentException("grammar: expected at least one text that matches, found none; each way"
                    + " through it leads into a rule or a value that cannot end");
        }
        for (Node node : nodes) {
            node.bytes.removeIf(edge -> !finishing.get(edge.to));
            node.empties.removeIf(to -> !finishing.get(to));
            node.calls.removeIf(edge -> !finishing.get(edge.to) || !finishing.get(starts[edge.rule]));
        }
    }

    /**
     * Returns the nodes from which the end of their rule can be reached.
     *
     * @param sources by node: nodes with an edge to it that may be used
     * @param callers by node: node and rule of each call that returns to it
     */
    private BitSet finishing(List<List<Integer>> sources, List<List<int[]>> callers) {
        Map<Integer, Integer> ruleOfStart = new HashMap<>();
        List<List<Integer>> waiting = new ArrayList<>(); // by rule: nodes that finish if the rule does
        for (int rule = 0; rule < starts.length; rule++) {
            ruleOfStart.put(starts[rule], rule);
            waiting.add(new ArrayList<>());
        }
        BitSet finishing = new BitSet();
        List<Integer> work = new ArrayList<>(endNodes.stream().boxed().toList());
        while (!work.isEmpty()) {
            int node = work.removeLast();
            if (finishing.get(node)) {
                continue;
            }
            finishing.set(node);
            work.addAll(sources.get(node));
            for (int[] call : callers.get(node)) {
                (finishing.get(starts[call[1]]) ? work : waiting.get(call[1])).add(call[0]);
            }
            Integer rule = ruleOfStart.get(node);
            if (rule != null) {
                work.addAll(waiting.get(rule));
            }
        }
        return finishing;
    }

    /** Rejects rules that call themselves before any character, since they would recurse forever. */
    private void checkLeftRecursion() {
        BitSet empty = withoutBytes();
        List<Set<Integer>> callees = new ArrayList<>(); // by rule: rules called before any character
        int[] callers = new int[starts.length]; //         by rule: number of rules whose callees contain it
        int[] reached = new int[nodes.size()]; // rule, counted from 1, that has reached the node last
        for (int rule = 0; rule < starts.length; rule++) {
            Set<Integer> called = called(rule, empty, reached);
            called.forEach(callee -> callers[callee]++);
            callees.add(called);
        }
        // removes rules that no rule calls first, until only cycles and the rules that they call are left
        List<Integer> work = new ArrayList<>();
        for (int rule = 0; rule < starts.length; rule++) {
            if (callers[rule] == 0) {
                work.add(rule);
            }
        }
        int removed = 0;
        while (!work.isEmpty()) {
            removed++;
            for (int rule : callees.get(work.removeLast())) {
                if (--callers[rule] == 0) {
                    work.add(rule);
                }
            }
        }
        if (removed < starts.length) {
            List<String> left = new ArrayList<>();
            for (int rule = 0; rule < starts.length && left.size() < 5; rule++) {
                if (callers[rule] > 0) {
                    left.add(names.get(rule));
                }
            }
            throw new IllegalArgumentException("grammar: rules " + String.join(", ", left)
                    + ": expected a character before each calls itself, found none; write a repetition instead");
        }
    }

    /** Returns the nodes from which the end of their rule can be reached without any byte. */
    private BitSet withoutBytes() {
        List<List<Integer>> sources = new ArrayList<>(); // by node: nodes with an empty edge to it
        List<List<int[]>> returns = new ArrayList<>(); //  by node: node and rule of each call that returns to it
        nodes.forEach(_ -> {
            sources.add(new ArrayList<>());
            returns.add(new ArrayList<>());
        });
        for (int n = 0; n < nodes.size(); n++) {
            int from = n;
            nodes.get(n).empties.forEach(to -> sources.get(to).add(from));
            nodes.get(n).calls.forEach(edge -> returns.get(edge.to).add(new int[] {from, edge.rule}));
        }
        return finishing(sources, returns);
    }

    /** Returns the rules that {@code rule} calls before any byte. @param reached marks the nodes on the way */
    private Set<Integer> called(int rule, BitSet empty, int[] reached) {
        Set<Integer> called = new LinkedHashSet<>();
        List<Integer> work = new ArrayList<>(List.of(starts[rule]));
        while (!work.isEmpty()) {
            int node = work.removeLast();
            if (reached[node] <= rule) {
                reached[node] = rule + 1;
                work.addAll(nodes.get(node).empties);
                for (CallEdge edge : nodes.get(node).calls) {
                    called.add(edge.rule);
                    if (empty.get(starts[edge.rule])) {
                        work.add(edge.to);
                    }
                }
            }
        }
        return called;
    }

    /** Writes characters as the bytes of UTF-8. */
    private final class Bytes extends Nodes {
        @Override
        void addEmpty(int from, int to) {
            node(from).empties.add(to);
        }

        @Override
        void addCharacters(int from, int to, CodePoints set) {
            set.utf8((first, last) -> addSequence(from, to, first, last));
        }

        private void addSequence(int from, int to, int[] first, int[] last) {
            int at = from;
            for (int i = 0; i < first.length; i++) {
                int next = i + 1 < first.length ? newNode() : to;
                addBytes(at, next, first[i], last[i]);
                at = next;
            }
        }

        /** Adds an edge for each run of bytes of the alphabet within a range. */
        private void addBytes(int from, int to, int first, int last) {
            for (int run = alphabet.nextSetBit(first); run >= 0 && run <= last;) {
                int end = Math.min(last + 1, alphabet.nextClearBit(run));
                countEdge();
                node(from).bytes.add(new ByteEdge(run, end - 1, to));
                run = alphabet.nextSetBit(end);
            }
        }

        @Override
        void addCall(int from, int to, String rule) {
            Integer index = indices.get(rule);
            if (index == null) {
                throw new IllegalArgumentException("grammar: expected a rule \"" + rule + "\", found none");
            }
            node(from).calls.add(new CallEdge(index, to));
        }

        @Override
        void addLanguage(int from, int to, Language language) {
            Automaton automaton = language.automaton();
            int[] states = new int[automaton.states()];
            for (int state = 0; state < states.length; state++) {
                states[state] = newNode();
            }
            addEmpty(from, states[0]);
            for (int state = 0; state < states.length; state++) {
                if (automaton.accepts(state)) {
                    addEmpty(states[state], to);
                }
                for (Automaton.Edge edge : automaton.edges(state)) {
                    CodePoints set = CodePoints.of(edge.first(), edge.last());
                    if (language.control() != null) {
                        addEscaped(states[state], states[edge.state()], set, language.control());
                    } else {
                        addCharacters(states[state], states[edge.state()], set);
                    }
                }
            }
        }

        private void addEscaped(int from, int to, CodePoints set, String control) {
            addCharacters(from, to, set.minus(JsonText.ESCAPED));
            CodePoints escaped = set.intersect(JsonText.ESCAPED);
            if (escaped.intersect(JsonText.CONTROLS).equals(JsonText.CONTROLS)) {
                // one call instead of 150 nodes, for each character of a long string
                addCall(from, to, control);
                escaped = escaped.minus(JsonText.CONTROLS);
            }
            for (int i = 0; i < escaped.ranges(); i++) {
                for (int c = escaped.first(i); c <= escaped.last(i); c++) {
                    byte[] ascii = JsonText.escape(c).getBytes(StandardCharsets.US_ASCII);
                    int[] bytes = new int[ascii.length];
                    for (int b = 0; b < bytes.length; b++) {
                        bytes[b] = ascii[b];
                    }
                    addSequence(from, to, bytes, bytes);
                }
            }
        }
    }
}
