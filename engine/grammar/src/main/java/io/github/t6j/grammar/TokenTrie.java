package io.github.t6j.grammar;

import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * Tokens of a vocabulary as a tree of their bytes, in the order of a depth-first walk:
 *
 * <pre>
 * value[n]      byte of node n
 * depth[n]      number of bytes of the path to n, 1 or more
 * subtreeEnd[n] first node after the descendants of n
 * ids           of the tokens that end at n: ids[firstId[n]] … ids[firstId[n + 1] − 1]
 * </pre>
 *
 * <p>Special tokens and tokens without bytes are not in the tree.
 */
final class TokenTrie {
    /** Maximum number of stacks visited for one mask, about a second of work. */
    private static final int MAX_WORK = 5_000_000;

    private record Token(int id, byte[] bytes) {}

    private final int vocabulary;
    private final byte[][] bytes; // by id; null outside the tree
    private final byte[] value;
    private final int[] depth;
    private final int[] subtreeEnd;
    private final int[] firstId;
    private final int[] ids;
    private int nodes;
    private int maxDepth;

    /**
     * @param vocabulary number of ids that may be generated
     * @param endIds ids that end a text without adding to it
     */
    TokenTrie(Tokenizer tokenizer, int vocabulary, Set<Integer> endIds) {
        this.vocabulary = vocabulary;
        bytes = new byte[vocabulary][];
        List<Token> tokens = new ArrayList<>();
        for (int id = 0; id < vocabulary; id++) {
            if (tokenizer.hasText(id) && !tokenizer.isSpecial(id) && !endIds.contains(id)) {
                bytes[id] = tokenizer.bytes(id);
                if (bytes[id].length > 0) {
                    tokens.add(new Token(id, bytes[id]));
                }
            }
        }
        tokens.sort((a, b) -> Arrays.compareUnsigned(a.bytes, b.bytes));
        int max = tokens.stream().mapToInt(token -> token.bytes.length).sum();
        value = new byte[max];
        depth = new int[max];
        subtreeEnd = new int[max];
        firstId = new int[max + 1];
        ids = tokens.stream().mapToInt(Token::id).toArray();
        build(tokens);
    }

    private void build(List<Token> tokens) {
        byte[] path = new byte[0]; // bytes of the last node's path
        int[] open = new int[tokens.stream().mapToInt(token -> token.bytes.length).max().orElse(0) + 1];
        for (Token token : tokens) {
            byte[] text = token.bytes;
            int mismatch = Arrays.mismatch(path, text);
            int shared = mismatch < 0 ? text.length : mismatch;
            close(open, path.length, shared);
            for (int level = shared + 1; level <= text.length; level++) {
                open[level] = nodes;
                value[nodes] = text[level - 1];
                depth[nodes++] = level;
            }
            firstId[open[text.length] + 1]++;
            path = text;
        }
        close(open, path.length, 0);
        maxDepth = open.length - 1;
        for (int n = 0; n < nodes; n++) {
            firstId[n + 1] += firstId[n];
        }
    }

    /** Ends the nodes of a path below the level {@code shared}. */
    private void close(int[] open, int length, int shared) {
        for (int level = length; level > shared; level--) {
            subtreeEnd[open[level]] = nodes;
        }
    }

    int vocabulary() {
        return vocabulary;
    }

    /** Returns the bytes of a token of the tree, without a copy. */
    byte[] bytes(int id) {
        return bytes[id];
    }

    /** Returns the bytes that are tokens by themselves. */
    BitSet singleBytes() {
        BitSet single = new BitSet();
        for (int n = 0; n < nodes; n = subtreeEnd[n]) {
            single.set(value[n] & 0xFF, firstId[n] < firstId[n + 1]);
        }
        return single;
    }

    /** Returns an id of the longest token at the beginning of the bytes from {@code at} to {@code end}, or −1. */
    int longest(byte[] text, int at, int end) {
        int found = -1;
        int n = 0;
        int siblingsEnd = nodes;
        for (int level = at; level < end && n < siblingsEnd;) {
            if (value[n] != text[level]) {
                n = subtreeEnd[n];
            } else {
                found = firstId[n] < firstId[n + 1] ? ids[firstId[n]] : found;
                siblingsEnd = subtreeEnd[n++];
                level++;
            }
        }
        return found;
    }

    /** Returns the ids of the tokens whose bytes may follow {@code state}. */
    BitSet allowed(Parser parser, Parser.State state) {
        BitSet allowed = new BitSet(vocabulary);
        Parser.State[] path = new Parser.State[maxDepth + 1]; // state after each byte of the current path
        path[0] = state;
        int work = 0;
        for (int n = 0; n < nodes;) {
            work += parser.work(path[depth[n] - 1], value[n] & 0xFF);
            if (work > MAX_WORK) {
                throw new IllegalArgumentException("grammar: expected one whose next tokens are found in " + MAX_WORK
                        + " steps, found one that is too ambiguous");
            }
            Parser.State next = parser.next(path[depth[n] - 1], value[n] & 0xFF);
            if (next.isDead()) {
                n = subtreeEnd[n];
            } else {
                path[depth[n]] = next;
                for (int i = firstId[n]; i < firstId[n + 1]; i++) {
                    allowed.set(ids[i]);
                }
                n++;
            }
        }
        return allowed;
    }
}
