package io.github.t6j.jmh.peer;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** Function of a C library. A function that returns a structure takes an allocator before its arguments. */
@SuppressWarnings("restricted")
record NativeFunction(String name, MethodHandle handle) {

    /** @throws IllegalStateException if the library has no function of that name */
    static NativeFunction find(SymbolLookup library, String name, FunctionDescriptor descriptor) {
        MemorySegment address = library.find(name).orElseThrow(() -> new IllegalStateException(
                name + ": expected this function in llama.cpp's library " + LlamaStructs.VERSION
                        + ", found none: the library has another version; run .ci/peers"));
        return new NativeFunction(name, Linker.nativeLinker().downcallHandle(address, descriptor));
    }

    Object call(Object... arguments) {
        try {
            return handle.invokeWithArguments(arguments);
        } catch (Throwable failure) {
            throw new IllegalStateException(name + ": the call failed", failure);
        }
    }

    int number(Object... arguments) {
        return (int) call(arguments);
    }

    MemorySegment pointer(Object... arguments) {
        return (MemorySegment) call(arguments);
    }
}
