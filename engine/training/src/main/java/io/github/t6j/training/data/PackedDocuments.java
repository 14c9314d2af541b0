package io.github.t6j.training.data;

import io.github.t6j.training.layers.MicroBatch;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Documents in windows of T positions, none of which a document crosses. A document of n ids takes n − 1 positions,
 * each with the next id as its target; the last id is a target only. Each document goes, in their order, into the
 * fullest window with room for it. Unused positions at the end of a window form a document of zeros without targets.
 *
 * @param length T
 * @param ids [windows][T]
 * @param targets [windows][T]; −1 if the position is not scored
 * @param starts positions with which a document begins
 */
public record PackedDocuments(int length, MappedIds ids, int[] targets, BitSet starts) {

    /** Document, and for each id whether it counts in the loss. */
    public record Document(int[] ids, boolean[] scored) {}

    /**
     * Packs documents of at most T + 1 ids.
     *
     * @param arena memory of the ids
     * @throws IllegalArgumentException if there is no document, or one is longer or has no scored id after its first
     */
    public static PackedDocuments pack(List<Document> documents, int length, Arena arena) {
        List<List<Document>> windows = windows(documents, length);
        long positions = (long) windows.size() * length;
        if (windows.isEmpty() || positions > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("documents: expected one or more, of at most " + (Integer.MAX_VALUE - 8)
                    + " ids together, found " + documents.size() + " of " + positions);
        }
        int[] ids = new int[(int) positions];
        int[] targets = new int[ids.length];
        Arrays.fill(targets, MicroBatch.IGNORED);
        BitSet starts = new BitSet(ids.length);
        for (int window = 0; window < windows.size(); window++) {
            int at = window * length;
            for (Document document : windows.get(window)) {
                starts.set(at);
                at = copy(document, ids, targets, at);
            }
            if (at < (window + 1) * length) {
                starts.set(at);
            }
        }
        return new PackedDocuments(length, MappedIds.of(ids, arena), targets, starts);
    }

    private static List<List<Document>> windows(List<Document> documents, int length) {
        List<List<Document>> windows = new ArrayList<>();
        TreeMap<Integer, Deque<List<Document>>> byRoom = new TreeMap<>();
        for (int i = 0; i < documents.size(); i++) {
            Document document = documents.get(i);
            check(document, i, length);
            int size = document.ids().length - 1;
            Map.Entry<Integer, Deque<List<Document>>> fullest = byRoom.ceilingEntry(size);
            List<Document> window;
            int room = length;
            if (fullest == null) {
                window = new ArrayList<>();
                windows.add(window);
            } else {
                window = fullest.getValue().removeFirst();
                room = fullest.getKey();
                if (fullest.getValue().isEmpty()) {
                    byRoom.remove(room);
                }
            }
            window.add(document);
            if (room > size) {
                byRoom.computeIfAbsent(room - size, _ -> new ArrayDeque<>()).addLast(window);
            }
        }
        return windows;
    }

    private static void check(Document document, int index, int length) {
        boolean scored = false;
        for (int i = 1; i < document.scored().length; i++) {
            scored |= document.scored()[i];
        }
        if (document.ids().length - 1 > length || !scored) {
            throw new IllegalArgumentException("documents[" + index + "]: expected at most " + (length + 1)
                    + " ids, one more than the context, and at least one scored id after the first, found "
                    + document.ids().length + " ids" + (scored ? "" : ", none of them scored"));
        }
    }

    /** Copies a document to the positions from {@code at} on, and returns the position after it. */
    private static int copy(Document document, int[] ids, int[] targets, int at) {
        int size = document.ids().length - 1;
        System.arraycopy(document.ids(), 0, ids, at, size);
        for (int i = 0; i < size; i++) {
            targets[at + i] = document.scored()[i + 1] ? document.ids()[i + 1] : MicroBatch.IGNORED;
        }
        return at + size;
    }

    /** Copies the targets of {@code count} positions from {@code from} on, and their positions in their documents. */
    public void read(long from, int[] into, int[] positions, int offset, int count) {
        int first = (int) from;
        System.arraycopy(targets, first, into, offset, count);
        for (int i = 0; i < count; i++) {
            positions[offset + i] = first + i - starts.previousSetBit(first + i);
        }
    }
}
