; What compiled code calls on a GPU besides the math library: records of failures, printed lines, the barrier of a grid, and rows of the op table that are loops.
;
; Linked into a module that needs it; what is not called goes. Offsets are those of `Status` (status.rs), whose address is the first argument of what reports. Rows mean what `op::eval` says.

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.z()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.z()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.y()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.z()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare i32 @llvm.nvvm.barrier.cta.red.popc.aligned.all(i32, i1)
declare double @llvm.fabs.f64(double)
declare float @llvm.fabs.f32(float)
declare double @llvm.floor.f64(double)
declare float @llvm.floor.f32(float)
declare double @llvm.copysign.f64(double, double)
declare float @llvm.copysign.f32(float, float)
declare double @vg_float_fmod_float64_1(double, double)
declare float @vg_float_fmod_float32_1(float, float)

; The linear thread in its block.
define i64 @vg_thread() #0 {
  %x = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %y = call i32 @llvm.nvvm.read.ptx.sreg.tid.y()
  %z = call i32 @llvm.nvvm.read.ptx.sreg.tid.z()
  %nx = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %ny = call i32 @llvm.nvvm.read.ptx.sreg.ntid.y()
  %planes = mul i32 %z, %ny
  %rows = add i32 %planes, %y
  %before = mul i32 %rows, %nx
  %linear = add i32 %before, %x
  %wide = zext i32 %linear to i64
  ret i64 %wide
}

; The linear block.
define i64 @vg_block() #0 {
  %x = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %y = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
  %z = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.z()
  %nx = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %ny = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.y()
  %x64 = zext i32 %x to i64
  %y64 = zext i32 %y to i64
  %z64 = zext i32 %z to i64
  %nx64 = zext i32 %nx to i64
  %ny64 = zext i32 %ny to i64
  %planes = mul i64 %z64, %ny64
  %rows = add i64 %planes, %y64
  %before = mul i64 %rows, %nx64
  %linear = add i64 %before, %x64
  ret i64 %linear
}

; Keeps the failure of this thread, if no lower one has failed. `axis` is 0, or the axis of `index` and `extent` plus 1.
define void @vg_fail(ptr %status, i32 %site, i32 %axis, i64 %index, i64 %extent) #1 {
  %block = call i64 @vg_block()
  %thread = call i64 @vg_thread()
  call void @vg_fail_at(ptr %status, i64 %block, i64 %thread, i32 %site, i32 %axis, i64 %index, i64 %extent)
  ret void
}

define void @vg_fail_at(ptr %status, i64 %block, i64 %thread, i32 %site, i32 %axis, i64 %index, i64 %extent) #1 {
entry:
  %high = shl i64 %block, 11
  %number = or i64 %high, %thread
  %rank = xor i64 %number, -1
  %before = atomicrmw umax ptr %status, i64 %rank syncscope("device") monotonic, align 8
  %lowest = icmp ult i64 %before, %rank
  br i1 %lowest, label %try, label %done

try:
  %lock = getelementptr i8, ptr %status, i64 8
  %taken = cmpxchg ptr %lock, i32 0, i32 1 syncscope("device") acquire monotonic, align 4
  %got = extractvalue { i32, i1 } %taken, 1
  br i1 %got, label %locked, label %try

locked:
  %first = load atomic i64, ptr %status syncscope("device") monotonic, align 8
  %still = icmp eq i64 %first, %rank
  br i1 %still, label %write, label %unlock

write:
  %site.at = getelementptr i8, ptr %status, i64 12
  store i32 %site, ptr %site.at, align 4
  %block.at = getelementptr i8, ptr %status, i64 16
  store i64 %block, ptr %block.at, align 8
  %thread.at = getelementptr i8, ptr %status, i64 24
  store i64 %thread, ptr %thread.at, align 8
  %axis.at = getelementptr i8, ptr %status, i64 32
  store i32 %axis, ptr %axis.at, align 4
  %index.at = getelementptr i8, ptr %status, i64 40
  store i64 %index, ptr %index.at, align 8
  %extent.at = getelementptr i8, ptr %status, i64 48
  store i64 %extent, ptr %extent.at, align 8
  br label %unlock

unlock:
  store atomic i32 0, ptr %lock syncscope("device") release, align 4
  br label %done

done:
  ret void
}

; Room for the values of a printed line, `bytes` of record in all; null if there is none.
define ptr @vg_print(ptr %status, i32 %bytes, i32 %line) #1 {
  %block = call i64 @vg_block()
  %thread = call i64 @vg_thread()
  %room = call ptr @vg_print_at(ptr %status, i64 %block, i64 %thread, i32 %bytes, i32 %line)
  ret ptr %room
}

define ptr @vg_print_at(ptr %status, i64 %block, i64 %thread, i32 %bytes, i32 %line) #1 {
entry:
  %print.at = getelementptr i8, ptr %status, i64 56
  %print = load ptr, ptr %print.at, align 8
  %size.at = getelementptr i8, ptr %status, i64 64
  %size = load i64, ptr %size.at, align 8
  %used.at = getelementptr i8, ptr %status, i64 72
  %wide = zext i32 %bytes to i64
  %begin = atomicrmw add ptr %used.at, i64 %wide syncscope("device") monotonic, align 8
  %end = add i64 %begin, %wide
  %fits = icmp ule i64 %end, %size
  br i1 %fits, label %write, label %lost

write:
  %record = getelementptr i8, ptr %print, i64 %begin
  %number = zext i32 %line to i64
  %high = shl i64 %number, 32
  %head = or i64 %high, %wide
  store i64 %head, ptr %record, align 8
  %block.at = getelementptr i8, ptr %record, i64 8
  store i64 %block, ptr %block.at, align 8
  %thread.at = getelementptr i8, ptr %record, i64 16
  store i64 %thread, ptr %thread.at, align 8
  %values = getelementptr i8, ptr %record, i64 24
  ret ptr %values

lost:
  %lost.at = getelementptr i8, ptr %status, i64 80
  %count = atomicrmw add ptr %lost.at, i64 1 syncscope("device") monotonic, align 8
  ; The first record without room ends the list.
  %mark.end = add i64 %begin, 8
  %markable = icmp ule i64 %mark.end, %size
  br i1 %markable, label %mark, label %none

mark:
  %mark.at = getelementptr i8, ptr %print, i64 %begin
  store i64 0, ptr %mark.at, align 8
  br label %none

none:
  ret ptr null
}

; All threads of the grid meet. `meeting` is two words of the block's shared memory, 0 before the first time: threads that have come, and whether to stop. Gives 1 where the thread is to end: others wait
; for a block that has failed.
define i32 @vg_grid_sync(ptr %status, ptr addrspace(3) %meeting) #1 {
entry:
  %here = call i32 @llvm.nvvm.barrier.cta.red.popc.aligned.all(i32 0, i1 true)
  %ticket = atomicrmw add ptr addrspace(3) %meeting, i32 1 syncscope("block") monotonic, align 4
  %last = sub i32 %here, 1
  %leads = icmp eq i32 %ticket, %last
  br i1 %leads, label %lead, label %meet

lead:
  store i32 0, ptr addrspace(3) %meeting, align 4
  fence syncscope("device") seq_cst
  %block = call i64 @vg_block()
  %is.first = icmp eq i64 %block, 0
  %nx = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %ny = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.y()
  %nz = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.z()
  %nxy = mul i32 %nx, %ny
  %blocks = mul i32 %nxy, %nz
  ; All blocks together add 2^31: the top bit turns when the last has come.
  %others = sub i32 %blocks, 1
  %rest = sub i32 -2147483648, %others
  %step = select i1 %is.first, i32 %rest, i32 1
  %grid.at = getelementptr i8, ptr %status, i64 36
  %before = atomicrmw add ptr %grid.at, i32 %step syncscope("device") monotonic, align 4
  br label %wait

wait:
  %now = load atomic i32, ptr %grid.at syncscope("device") monotonic, align 4
  %turned = xor i32 %before, %now
  %come = icmp slt i32 %turned, 0
  br i1 %come, label %go, label %look

look:
  %first = load atomic i64, ptr %status syncscope("device") monotonic, align 8
  %calm = icmp eq i64 %first, 0
  br i1 %calm, label %wait, label %stop

stop:
  %stop.at = getelementptr i8, ptr addrspace(3) %meeting, i64 4
  store i32 1, ptr addrspace(3) %stop.at, align 4
  br label %go

go:
  fence syncscope("device") seq_cst
  br label %meet

meet:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %stop.word = getelementptr i8, ptr addrspace(3) %meeting, i64 4
  %stopped = load volatile i32, ptr addrspace(3) %stop.word, align 4
  ret i32 %stopped
}

; Readies the words of `vg_grid_sync`.
define void @vg_grid_ready(ptr addrspace(3) %meeting) #0 {
entry:
  %thread = call i64 @vg_thread()
  %is.first = icmp eq i64 %thread, 0
  br i1 %is.first, label %clear, label %meet

clear:
  store i64 0, ptr addrspace(3) %meeting, align 8
  br label %meet

meet:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  ret void
}

define i64 @vg_pow_u64(i64 %base, i64 %exponent) #0 {
entry:
  br label %lap

lap:
  %result = phi i64 [ 1, %entry ], [ %result.next, %body ]
  %square = phi i64 [ %base, %entry ], [ %square.next, %body ]
  %left = phi i64 [ %exponent, %entry ], [ %left.next, %body ]
  %over = icmp eq i64 %left, 0
  br i1 %over, label %done, label %body

body:
  %low = trunc i64 %left to i1
  %product = mul i64 %result, %square
  %result.next = select i1 %low, i64 %product, i64 %result
  %square.next = mul i64 %square, %square
  %left.next = lshr i64 %left, 1
  br label %lap

done:
  ret i64 %result
}

define i64 @vg_pow_i64(i64 %base, i64 %exponent) #0 {
entry:
  %negative = icmp slt i64 %exponent, 0
  br i1 %negative, label %fraction, label %whole

fraction:
  %odd = trunc i64 %exponent to i1
  %sign = select i1 %odd, i64 -1, i64 1
  %is.one = icmp eq i64 %base, 1
  %is.minus = icmp eq i64 %base, -1
  %of.minus = select i1 %is.minus, i64 %sign, i64 0
  %small = select i1 %is.one, i64 1, i64 %of.minus
  ret i64 %small

whole:
  %power = call i64 @vg_pow_u64(i64 %base, i64 %exponent)
  ret i64 %power
}

@FLOATS@
attributes #0 = { convergent nounwind }
attributes #1 = { convergent noinline nounwind cold }
