define FLOAT @vg_mod_BITS(FLOAT %a, FLOAT %b) #0 {
  %remainder = call FLOAT @vg_float_fmod_NAME_1(FLOAT %a, FLOAT %b)
  %is.zero = fcmp oeq FLOAT %remainder, 0.0
  %signed = call FLOAT @llvm.copysign.BITS(FLOAT 0.0, FLOAT %b)
  %b.below = fcmp olt FLOAT %b, 0.0
  %r.below = fcmp olt FLOAT %remainder, 0.0
  %differ = xor i1 %b.below, %r.below
  %moved = fadd FLOAT %remainder, %b
  %other = select i1 %differ, FLOAT %moved, FLOAT %remainder
  %result = select i1 %is.zero, FLOAT %signed, FLOAT %other
  ret FLOAT %result
}

define FLOAT @vg_floordiv_BITS(FLOAT %a, FLOAT %b) #0 {
entry:
  %quick = fdiv FLOAT %a, %b
  %by.zero = fcmp oeq FLOAT %b, 0.0
  br i1 %by.zero, label %done, label %divide

divide:
  %remainder = call FLOAT @vg_float_fmod_NAME_1(FLOAT %a, FLOAT %b)
  %rest = fsub FLOAT %a, %remainder
  %quotient = fdiv FLOAT %rest, %b
  %uneven = fcmp une FLOAT %remainder, 0.0
  %b.below = fcmp olt FLOAT %b, 0.0
  %r.below = fcmp olt FLOAT %remainder, 0.0
  %differ = xor i1 %b.below, %r.below
  %lower = select i1 %uneven, i1 %differ, i1 false
  %less = fsub FLOAT %quotient, 1.0
  %floored = select i1 %lower, FLOAT %less, FLOAT %quotient
  %is.zero = fcmp oeq FLOAT %floored, 0.0
  %zero = call FLOAT @llvm.copysign.BITS(FLOAT 0.0, FLOAT %quick)
  %floor = call FLOAT @llvm.floor.BITS(FLOAT %floored)
  %above = fsub FLOAT %floored, %floor
  %far = fcmp ogt FLOAT %above, 0.5
  %next = fadd FLOAT %floor, 1.0
  %nearest = select i1 %far, FLOAT %next, FLOAT %floor
  %other = select i1 %is.zero, FLOAT %zero, FLOAT %nearest
  br label %done

done:
  %result = phi FLOAT [ %quick, %entry ], [ %other, %divide ]
  ret FLOAT %result
}
