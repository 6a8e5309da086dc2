(* T8 and T8log: safeguarded MADA, whatever rho_t, c_t, beta2_t in [0,1] and beta3_t in [0,B3] do.

   The four coefficients are arbitrary functions of the whole history, the current draw included (so of g_t too), and of
   the coordinate; alpha, beta1 and the numerator m_t do not see them.
   With gh_t = g_t + beta3_t (g_t - g_{t-1}), g_0 = g_1,
       v_t = beta2_t v_{t-1} + (1-beta2_t)(c_t gh_t^2 + (1-c_t)(v_{t-1} + gh_t^2 sign(gh_t^2 - v_{t-1}))),
       vhat_t = rho_t v_t + (1-rho_t) vbar_t,
       b_t = max(b_{t-1}, t (eps + vhat_t), eps + W sum_{j<=t} g_j^2),   b_0 = eps.
   W = 0 is the safeguard without the sum. Then
       T8      T7's rate with R^2 = eps + (1 + (1-min beta2)(1-min c))((1+2 B3) G)^2 and Q = (G^2/eps)(1 + ln T);
       T7log   for B3 = 0, with any W' <= min(1-beta2_t, beta2_t + (1-beta2_t) c_t) on the whole path;
       T8log   for W > 0, with Q = ln(1 + WTG^2/eps)/W: logarithmic in 1/eps. *)
From Coq Require Import Reals Lra Lia List.
From Mada Require Import Sums Expectation Smoothness Setting Logarithm DecreasingWeights AVGradWeights Paths Yogi.
From Mada Require Import DecoupledRate AVGradRatioSum MomentumShift MonotoneSteps MonotoneLog MomentumMethods.
From Mada Require Import MomentumRates.
Import ListNotations.
Local Open Scope R_scope.

(* One step of the second moment, x = gh^2. *)
Definition mixed_moment (beta2 c v x : R) : R :=
  beta2 * v + (1 - beta2) * (c * x + (1 - c) * (v + x * sgn (x - v))).

Ltac sign_cases := unfold mixed_moment, sgn; match goal with
  |- context [Rlt_dec (?x - ?v) 0] => destruct (Rlt_dec (x - v) 0); [|destruct (Rlt_dec 0 (x - v))] end.

Lemma mixed_moment_between beta2 c v x M low2 lowc : 0 <= low2 <= beta2 -> beta2 <= 1 -> 0 <= lowc <= c -> c <= 1 ->
  0 <= x <= M -> 0 <= v <= (1 + (1 - low2) * (1 - lowc)) * M ->
  0 <= mixed_moment beta2 c v x <= (1 + (1 - low2) * (1 - lowc)) * M.
Proof.
  intros H1 H2 H3 H4 Hx Hv.
  assert (P1 : 0 <= (1 - beta2) * (1 - c)) by (apply Rmult_le_pos; lra).
  assert (P2 : (1 - beta2) * (1 - c) <= (1 - low2) * (1 - lowc)) by (apply Rmult_le_compat; lra).
  assert (B : 0 <= beta2 * v) by (apply Rmult_le_pos; lra).
  sign_cases.
  - (* x < v: between 0 and v *)
    assert (Q1 : c * x <= c * v) by (apply Rmult_le_compat_l; lra).
    assert (Q2 : (1 - c) * (v + x * -1) <= (1 - c) * v) by (apply Rmult_le_compat_l; lra).
    assert (Q3 : 0 <= c * x) by (apply Rmult_le_pos; lra).
    assert (Q4 : 0 <= (1 - c) * (v + x * -1)) by (apply Rmult_le_pos; lra).
    assert (Q5 : (1 - beta2) * (c * x + (1 - c) * (v + x * -1)) <= (1 - beta2) * v) by (apply Rmult_le_compat_l; lra).
    assert (Q6 : 0 <= (1 - beta2) * (c * x + (1 - c) * (v + x * -1))) by (apply Rmult_le_pos; lra). lra.
  - (* v < x: (beta2 + (1-beta2)(1-c)) v + (1-beta2) x *)
    replace (beta2 * v + (1 - beta2) * (c * x + (1 - c) * (v + x * 1)))
      with (beta2 * v + (1 - beta2) * (1 - c) * v + (1 - beta2) * x) by ring.
    assert (Q1 : beta2 * v <= beta2 * M) by (apply Rmult_le_compat_l; lra).
    assert (Q2 : (1 - beta2) * (1 - c) * v <= (1 - low2) * (1 - lowc) * M) by (apply Rmult_le_compat; lra).
    assert (Q3 : (1 - beta2) * x <= (1 - beta2) * M) by (apply Rmult_le_compat_l; lra).
    assert (Q4 : 0 <= (1 - beta2) * (1 - c) * v) by (apply Rmult_le_pos; lra).
    assert (Q5 : 0 <= (1 - beta2) * x) by (apply Rmult_le_pos; lra). lra.
  - replace x with v by lra. replace (beta2 * v + (1 - beta2) * (c * v + (1 - c) * (v + v * 0))) with v by ring. lra.
Qed.

Lemma mixed_moment_floor beta2 c v x weight : 0 <= beta2 <= 1 -> 0 <= c <= 1 -> 0 <= x -> 0 <= v ->
  weight <= 1 - beta2 -> weight <= beta2 + (1 - beta2) * c -> weight * x <= mixed_moment beta2 c v x.
Proof.
  intros H1 H2 Hx Hv W1 W2.
  apply Rmult_le_compat_r with (r := x) in W1; [|auto]. apply Rmult_le_compat_r with (r := x) in W2; [|auto].
  sign_cases.
  - assert (Q1 : beta2 * x <= beta2 * v) by (apply Rmult_le_compat_l; lra).
    assert (Q2 : 0 <= (1 - beta2) * ((1 - c) * (v + x * -1))) by (apply Rmult_le_pos; [|apply Rmult_le_pos]; lra). lra.
  - assert (Q1 : 0 <= beta2 * v) by (apply Rmult_le_pos; lra).
    assert (Q2 : 0 <= (1 - beta2) * ((1 - c) * v)) by (apply Rmult_le_pos; [|apply Rmult_le_pos]; lra). lra.
  - replace v with x by lra. assert (Q : 0 <= beta2 * x) by (apply Rmult_le_pos; lra). lra.
Qed.

Record memory := { position : vec; first : vec; previous : vec; second : vec; summed : vec; squared : vec;
    guarded : vec }.

Definition advance (g : nat -> vec -> vec) (alpha beta1 eps W : R) (rhos cs beta2s beta3s : hist -> vec)
    (k : nat) (h : hist) (s : memory) : memory :=
  let now := k :: h in
  let t := INR (length now) in
  let y := g k (position s) in
  let m := fun i => beta1 * first s i + (1 - beta1) * y i in
  let difference := fun i => match h with [] => 0 | _ => y i - previous s i end in
  let v := fun i => mixed_moment (beta2s now i) (cs now i) (second s i) ((y i + beta3s now i * difference i)²) in
  let total := fun i => summed s i + v i in
  let vhat := fun i => rhos now i * v i + (1 - rhos now i) * (total i / t) in
  let sum_of_squares := fun i => squared s i + (y i)² in
  let b := fun i => Rmax (Rmax (guarded s i) (t * (eps + vhat i))) (eps + W * sum_of_squares i) in
  {| position := fun i => position s i - alpha / sqrt (b i) * m i;
     first := m; previous := y; second := v; summed := total; squared := sum_of_squares; guarded := b |}.

Fixpoint run (g : nat -> vec -> vec) (alpha beta1 eps W : R) (rhos cs beta2s beta3s : hist -> vec) (x0 : vec)
    (h : hist) : memory :=
  match h with
  | [] => {| position := x0; first := fun _ => 0; previous := fun _ => 0; second := fun _ => 0; summed := fun _ => 0;
             squared := fun _ => 0; guarded := fun _ => eps |}
  | k :: h => advance g alpha beta1 eps W rhos cs beta2s beta3s k h (run g alpha beta1 eps W rhos cs beta2s beta3s x0 h)
  end.

Definition safeguarded_point g alpha beta1 eps W rhos cs beta2s beta3s x0 (h : hist) : vec :=
  position (run g alpha beta1 eps W rhos cs beta2s beta3s x0 h).

(* The coefficients' ranges, on the paths and coordinates that count. *)
Definition in_range (rhos cs beta2s beta3s : hist -> vec) (n d : nat) (beta2 c B3 : R) : Prop :=
  forall k h i, valid n (k :: h) -> (i < d)%nat ->
    0 <= rhos (k :: h) i <= 1 /\ c <= cs (k :: h) i <= 1 /\ beta2 <= beta2s (k :: h) i <= 1
    /\ 0 <= beta3s (k :: h) i <= B3.

Definition largest_moment (G beta2 c B3 : R) : R := (1 + (1 - beta2) * (1 - c)) * ((1 + 2 * B3) * G)².

Section Program.
Variables (g : nat -> vec -> vec) (alpha beta1 eps W : R) (rhos cs beta2s beta3s : hist -> vec) (x0 : vec).
Local Notation states := (run g alpha beta1 eps W rhos cs beta2s beta3s x0).
Local Notation X := (safeguarded_point g alpha beta1 eps W rhos cs beta2s beta3s x0).
Local Notation m := (fun h : hist => first (states h)).
Local Notation b := (fun h : hist => guarded (states h)).
Let V i h := second (states h) i.
Let U i h := summed (states h) i.
Let vhat i k h := rhos (k :: h) i * V i (k :: h) + (1 - rhos (k :: h) i) * (U i (k :: h) / INR (S (length h))).

Lemma guarded_step k h i : guarded (states (k :: h)) i
  = Rmax (Rmax (guarded (states h) i) (INR (S (length h)) * (eps + vhat i k h))) (eps
      + W * squared (states (k :: h)) i).
Proof. reflexivity. Qed.

(* W = 0: b_t = max(b_{t-1}, t (eps + vhat_t)). *)
Lemma guarded_without_sum k h i : W = 0 ->
  guarded (states (k :: h)) i = Rmax (guarded (states h) i) (INR (S (length h)) * (eps + vhat i k h)).
Proof.
  intros HW. rewrite guarded_step. apply Rmax_left.
  apply Rle_trans with eps; [rewrite HW; lra|]. apply Rle_trans with (2 := Rmax_l _ _).
  induction h as [|k' h IH]; [apply Rle_refl|].
  rewrite guarded_step. apply Rle_trans with (1 := IH). apply Rle_trans with (2 := Rmax_l _ _), Rmax_l.
Qed.

Lemma squared_sum h i : squared (states h) i = Sg g X h i.
Proof. induction h as [|k h IH]; [reflexivity|]. cbn [Sg]. rewrite <- IH. reflexivity. Qed.

Variables (n d : nat) (G beta2 c B3 : R).
Hypothesis g_bnd : forall k y i, (k < n)%nat -> (i < d)%nat -> Rabs (g k y i) <= G.
Hypothesis eps_pos : 0 < eps.
Hypothesis W_nonneg : 0 <= W.
Hypothesis beta2_01 : 0 <= beta2 <= 1.
Hypothesis c_01 : 0 <= c <= 1.
Hypothesis coefficients : in_range rhos cs beta2s beta3s n d beta2 c B3.

Local Notation largest := (largest_moment G beta2 c B3).

Let difference i k h := match h with [] => 0 | _ => g k (X h) i - previous (states h) i end.
Let square i k h := (g k (X h) i + beta3s (k :: h) i * difference i k h)².

Lemma second_step k h i : V i (k :: h) = mixed_moment (beta2s (k :: h) i) (cs (k :: h) i) (V i h) (square i k h).
Proof. destruct h; reflexivity. Qed.

Lemma square_between k h i : valid n (k :: h) -> (i < d)%nat -> 0 <= square i k h <= ((1 + 2 * B3) * G)².
Proof.
  intros Hv Hi. split; [apply Rle_0_sqr|]. destruct (coefficients k h i Hv Hi) as (_ & _ & _ & C1 & C2).
  inversion Hv as [|k' h' Hk Hh]; subst. pose proof (g_bnd k (X h) i Hk Hi) as Hg.
  assert (HG : 0 <= G) by (apply Rle_trans with (2 := Hg), Rabs_pos).
  assert (D : Rabs (difference i k h) <= 2 * G).
  { unfold difference. destruct h as [|k' h]; [rewrite Rabs_R0; lra|].
    inversion Hh; subst. change (previous (states (k' :: h)) i) with (g k' (X h) i).
    pose proof (g_bnd k' (X h) i ltac:(auto) Hi). apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp. lra. }
  apply Rsqr_le_abs_1. rewrite (Rabs_right ((1 + 2 * B3) * G)) by (apply Rle_ge, Rmult_le_pos; lra).
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult, (Rabs_right (beta3s (k :: h) i)) by lra.
  assert (beta3s (k :: h) i * Rabs (difference i k h) <= B3 * (2 * G))
    by (apply Rmult_le_compat; try lra; apply Rabs_pos). lra.
Qed.

Lemma largest_moment_nonneg : 0 <= largest.
Proof.
  unfold largest_moment. apply Rmult_le_pos; [|apply Rle_0_sqr].
  assert (0 <= (1 - beta2) * (1 - c)) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma moments_between h i : valid n h -> (i < d)%nat ->
  0 <= V i h <= largest /\ V i h <= U i h <= INR (length h) * largest.
Proof.
  intros Hv Hi. pose proof largest_moment_nonneg as L0. induction h as [|k h IH].
  - change (0 <= 0 <= largest /\ 0 <= 0 <= 0 * largest). lra.
  - destruct (IH ltac:(inversion Hv; auto)) as [[V0 V1] [U0 U1]].
    destruct (coefficients k h i Hv Hi) as (_ & C1 & C2 & _). pose proof (square_between k h i Hv Hi) as Hs.
    assert (H : 0 <= V i (k :: h) <= largest).
    { rewrite second_step. apply mixed_moment_between; try lra. split; [auto | exact V1]. }
    split; [exact H|]. change (U i (k :: h)) with (U i h + V i (k :: h)).
    change (length (k :: h)) with (S (length h)). rewrite S_INR. lra.
Qed.

(* v_t <= t vhat_t and 0 <= vhat_t <= the largest moment *)
Lemma vhat_between k h i : valid n (k :: h) -> (i < d)%nat ->
  V i (k :: h) <= INR (S (length h)) * vhat i k h /\ 0 <= vhat i k h <= largest.
Proof.
  intros Hv Hi. destruct (moments_between (k :: h) i Hv Hi) as [[V0 V1] U01].
  destruct (coefficients k h i Hv Hi) as (R01 & _). change (length (k :: h)) with (S (length h)) in U01.
  assert (Ht : 1 <= INR (S (length h))) by (rewrite S_INR; pose proof (pos_INR (length h)); lra).
  apply (interpolation_sound _ R01 largest _ _ (V i (k :: h)) _ Ht); lra.
Qed.

Lemma guarded_grows k h i : guarded (states h) i <= guarded (states (k :: h)) i.
Proof. rewrite guarded_step. apply Rle_trans with (2 := Rmax_l _ _), Rmax_l. Qed.

Lemma guarded_floor k h i : eps + W * Sg g X (k :: h) i <= guarded (states (k :: h)) i.
Proof. rewrite guarded_step, <- squared_sum. apply Rmax_r. Qed.

Lemma guarded_vhat k h i : INR (S (length h)) * (eps + vhat i k h) <= guarded (states (k :: h)) i.
Proof. rewrite guarded_step. apply Rle_trans with (2 := Rmax_l _ _), Rmax_r. Qed.

Lemma guarded_low k h i : valid n (k :: h) -> (i < d)%nat -> INR (S (length h)) * eps <= guarded (states (k :: h)) i.
Proof.
  intros Hv Hi. apply Rle_trans with (2 := guarded_vhat k h i). destruct (vhat_between k h i Hv Hi) as [_ [V0 _]].
  apply Rmult_le_compat_l; [apply pos_INR | lra].
Qed.

Lemma guarded_up h i top : eps + largest <= top -> eps + W * G² <= top -> valid n h -> (i < d)%nat ->
  guarded (states h) i <= INR (Nat.max 1 (length h)) * top.
Proof.
  intros T1 T2 Hv Hi. pose proof largest_moment_nonneg as L0. induction h as [|k h IH].
  - change (eps <= 1 * top). lra.
  - specialize (IH ltac:(inversion Hv; auto)).
    replace (Nat.max 1 (length (k :: h))) with (S (length h)) by (simpl; lia). rewrite guarded_step.
    pose proof (INR_S_pos (length h)) as Ht. destruct (vhat_between k h i Hv Hi) as [_ [V0 V1]].
    apply Rmax_lub; [apply Rmax_lub|].
    + apply Rle_trans with (1 := IH). apply Rmult_le_compat_r; [lra | apply le_INR; lia].
    + apply Rmult_le_compat_l; lra.
    + rewrite squared_sum.
      assert (HS : Sg g X (k :: h) i <= INR (S (length h)) * G²).
      { change (S (length h)) with (length (k :: h)). clear - Hv Hi g_bnd.
        induction Hv as [|k' h' Hk Hv IH]; [simpl; lra|].
        change (length (k' :: h')) with (S (length h')). rewrite S_INR. cbn [Sg].
        pose proof (g_bnd k' (X h') i Hk Hi) as Hg.
        assert ((g k' (X h') i)² <= G²); [|lra]. apply Rsqr_le_abs_1. rewrite (Rabs_right G); [auto|].
        apply Rle_ge, Rle_trans with (2 := Hg), Rabs_pos. }
      apply Rmult_le_compat_l with (r := W) in HS; [|auto].
      apply Rle_trans with (INR (S (length h)) * (eps + W * G²)); [|apply Rmult_le_compat_l; lra].
      assert (1 * eps <= INR (S (length h)) * eps); [|lra].
      apply Rmult_le_compat_r; [lra|]. rewrite S_INR. pose proof (pos_INR (length h)). lra.
Qed.

Lemma guarded_is_adaptive T : 0 < alpha -> 0 <= beta1 < 1 -> adaptive_method n T d g alpha beta1 X m b.
Proof. intros Ha Hb. constructor; auto; intros; apply guarded_grows. Qed.

(* Without the gradient difference v_t >= weight g_t^2. *)
Lemma guarded_weight weight k h i : valid n (k :: h) -> (i < d)%nat -> beta3s (k :: h) i = 0 ->
  weight <= 1 - beta2s (k :: h) i -> weight <= beta2s (k :: h) i + (1 - beta2s (k :: h) i) * cs (k :: h) i ->
  weight * (g k (X h) i)² <= guarded (states (k :: h)) i.
Proof.
  intros Hv Hi H3 W1 W2. destruct (coefficients k h i Hv Hi) as (_ & C1 & C2 & _).
  destruct (moments_between h i ltac:(inversion Hv; auto) Hi) as [[V0 _] _].
  apply Rle_trans with (V i (k :: h)).
  - rewrite second_step. unfold square. rewrite H3, Rmult_0_l, Rplus_0_r.
    apply mixed_moment_floor; auto; try lra. apply Rle_0_sqr.
  - apply Rle_trans with (2 := guarded_vhat k h i). destruct (vhat_between k h i Hv Hi) as [V1 _].
    pose proof (Rmult_le_pos _ _ (pos_INR (S (length h))) (Rlt_le _ _ eps_pos)). lra.
Qed.
End Program.

Definition safeguarded_radius (eps G beta2 c B3 : R) : R :=
  sqrt (eps + (1 + (1 - beta2) * (1 - c)) * ((1 + 2 * B3) * G)²).
Definition safeguarded_sum_radius (eps G beta2 c B3 W : R) : R :=
  Rmax (safeguarded_radius eps G beta2 c B3) (sqrt (eps + W * G²)).
Definition safeguarded_weight (beta2 c : R) : R := Rmin (1 - beta2) (beta2 + (1 - beta2) * c).
Definition Q_safeguarded (T G eps : R) : R := G² / eps * (1 + ln T).

(* beta2 and c are the least values over the path, B3 the largest beta3. *)
Definition safeguarded_right (T d D0 L G eps alpha beta1 beta2 c B3 : R) : R :=
  monotone_bound (safeguarded_radius eps G beta2 c B3) (Q_safeguarded T G eps) T d D0 L G eps alpha beta1.
Definition safeguarded_log_right (T d D0 L G eps alpha beta1 beta2 c : R) : R :=
  monotone_log_bound (safeguarded_radius eps G beta2 c 0) (safeguarded_weight beta2 c) (Q_safeguarded T G eps)
    T d D0 L G eps alpha beta1.
Definition safeguarded_sum_right (T d D0 L G eps alpha beta1 beta2 c B3 W : R) : R :=
  monotone_log_bound (safeguarded_sum_radius eps G beta2 c B3 W) W (ln (1 + W * T * G² / eps) / W)
    T d D0 L G eps alpha beta1.

Section Rates.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta1 : R) (x0 : vec) (T : nat).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis T_pos : (0 < T)%nat.
Variables (rhos cs beta2s beta3s : hist -> vec) (beta2 c B3 : R).
Hypothesis beta2_01 : 0 <= beta2 <= 1.
Hypothesis c_01 : 0 <= c <= 1.
Hypothesis coefficients : in_range rhos cs beta2s beta3s n d beta2 c B3.

Local Lemma square_of_root : 0 < eps + largest_moment G beta2 c B3
  /\ (safeguarded_radius eps G beta2 c B3)² = eps + largest_moment G beta2 c B3.
Proof.
  pose proof (largest_moment_nonneg G beta2 c B3 beta2_01 c_01) as L0. split; [lra|].
  unfold safeguarded_radius. fold (largest_moment G beta2 c B3). apply Rsqr_sqrt. lra.
Qed.

Local Lemma root_pos : 0 < safeguarded_radius eps G beta2 c B3.
Proof. destruct square_of_root as [H _]. apply sqrt_lt_R0. exact H. Qed.

Section AnyWeight.
Variables (W top : R).
Hypothesis W_nonneg : 0 <= W.
Hypothesis top_pos : 0 < top.
Hypothesis top1 : eps + largest_moment G beta2 c B3 <= top².
Hypothesis top2 : eps + W * G² <= top².

Let X := safeguarded_point g alpha beta1 eps W rhos cs beta2s beta3s x0.
Let b h := guarded (run g alpha beta1 eps W rhos cs beta2s beta3s x0 h).
Let is_adaptive := guarded_is_adaptive g alpha beta1 eps W rhos cs beta2s beta3s x0 n d eps_pos T alpha_pos beta1_01.

Local Lemma up h i : within n T h -> (i < d)%nat -> b h i <= INR (Nat.max 1 (length h)) * top².
Proof.
  intros [Hv _] Hi. apply (guarded_up g alpha beta1 eps W rhos cs beta2s beta3s x0 n d G beta2 c B3 (g_bnd A) eps_pos
      W_nonneg
    beta2_01 c_01 coefficients); auto.
Qed.

Local Lemma trivial h i : within n T h -> length h = T -> (i < d)%nat ->
  path_sum (added_ratio g X b i) h <= Q_safeguarded (INR T) G eps.
Proof.
  intros Hw Hl Hi. unfold Q_safeguarded. rewrite <- Hl.
  apply (trivial_ratios n T); auto; [intros; apply (gsq_le A); auto | | lia].
  intros k h' [Hv _]. apply (guarded_low g alpha beta1 eps W rhos cs beta2s beta3s x0 n d G beta2 c B3 (g_bnd A)
    beta2_01 c_01 coefficients); auto.
Qed.

Lemma any_weight_rate : mean_squared_gradient n p d gF X T
  <= monotone_bound top (Q_safeguarded (INR T) G eps) (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof.
  exact (monotone_rate A eps top (Q_safeguarded (INR T) G eps) is_adaptive top_pos (fun _ _ => eq_refl) eps_pos up
    trivial T_pos).
Qed.

Lemma any_weight_log_rate weight Q : 0 < weight -> weight * G² <= top² ->
  (forall k h i, within n T (k :: h) -> (i < d)%nat -> weight * (g k (X h) i)² <= b (k :: h) i) ->
  (forall h i, within n T h -> length h = T -> (i < d)%nat -> path_sum (added_ratio g X b i) h <= Q) ->
  mean_squared_gradient n p d gF X T
  <= monotone_log_bound top weight Q (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof.
  intros Hw Htop Hfloor HQ. exact (monotone_log_rate A eps top weight Q is_adaptive Hw Hfloor top_pos Htop
    (fun _ _ => eq_refl) eps_pos up HQ T_pos).
Qed.
End AnyWeight.

Local Lemma rate_in :
  mean_squared_gradient n p d gF (safeguarded_point g alpha beta1 eps 0 rhos cs beta2s beta3s x0) T
  <= safeguarded_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 c B3.
Proof.
  destruct square_of_root as [H E]. pose proof (largest_moment_nonneg G beta2 c B3 beta2_01 c_01).
  apply any_weight_rate; try rewrite E; auto using root_pos; lra.
Qed.

Local Lemma sum_rate_in W : 0 < W ->
  mean_squared_gradient n p d gF (safeguarded_point g alpha beta1 eps W rhos cs beta2s beta3s x0) T
  <= safeguarded_sum_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 c B3 W.
Proof.
  intros HW. destruct square_of_root as [H E]. pose proof (Rle_0_sqr G) as HG.
  assert (HWG : 0 <= W * G²) by (apply Rmult_le_pos; lra).
  set (top := safeguarded_sum_radius eps G beta2 c B3 W).
  assert (P : 0 < top) by (apply Rlt_le_trans with (1 := root_pos), Rmax_l).
  assert (T1 : eps + largest_moment G beta2 c B3 <= top²).
  { rewrite <- E. apply Rsqr_incr_1; [apply Rmax_l | left; apply root_pos | lra]. }
  assert (T2 : eps + W * G² <= top²).
  { rewrite <- (Rsqr_sqrt (eps + W * G²)) by lra. apply Rsqr_incr_1; [apply Rmax_r | apply sqrt_pos | lra]. }
  assert (T3 : W * G² <= top²) by lra. refine (any_weight_log_rate W top _ P T1 T2 W _ HW T3 _ _); [lra | |].
  - intros k h i [Hv _] Hi.
    apply Rle_trans with (2 := guarded_floor g alpha beta1 eps W rhos cs beta2s beta3s x0 k h i). cbn [Sg].
    pose proof (Sg_nonneg g (safeguarded_point g alpha beta1 eps W rhos cs beta2s beta3s x0) h i) as HS.
    apply Rmult_le_compat_l with (r := W) in HS; lra.
  - intros h i Hw Hl Hi. rewrite <- Hl. apply (floor_ratios n T); auto; [intros; apply (gsq_le A); auto|].
    intros k h' _. apply guarded_floor.
Qed.

Local Lemma path_log_rate_in weight : B3 = 0 -> 0 < weight <= 1 ->
  (forall k h i, valid n (k :: h) -> (i < d)%nat -> weight <= 1 - beta2s (k :: h) i
     /\ weight <= beta2s (k :: h) i + (1 - beta2s (k :: h) i) * cs (k :: h) i) ->
  mean_squared_gradient n p d gF (safeguarded_point g alpha beta1 eps 0 rhos cs beta2s beta3s x0) T
  <= monotone_log_bound (safeguarded_radius eps G beta2 c 0) weight (Q_safeguarded (INR T) G eps)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof.
  intros Z [W0 W1] Hweight. destruct square_of_root as [H E]. pose proof root_pos as PR.
  pose proof (largest_moment_nonneg G beta2 c B3 beta2_01 c_01) as L0. assert (HW0 : 0 <= 0) by lra.
  assert (HG : weight * G² <= largest_moment G beta2 c B3).
  { unfold largest_moment. rewrite Z, Rmult_0_r, Rplus_0_r, Rmult_1_l. apply Rmult_le_compat_r; [apply Rle_0_sqr|].
    assert (0 <= (1 - beta2) * (1 - c)) by (apply Rmult_le_pos; lra). lra. }
  replace (safeguarded_radius eps G beta2 c 0) with (safeguarded_radius eps G beta2 c B3) by (rewrite Z; reflexivity).
  refine (any_weight_log_rate 0 _ HW0 PR _ _ weight _ W0 _ _ (trivial 0)); try (rewrite E; lra).
  intros k h i [Hv _] Hi. destruct (Hweight k h i Hv Hi) as [V1 V2].
  apply (guarded_weight g alpha beta1 eps 0 rhos cs beta2s beta3s x0 n d G beta2 c B3 (g_bnd A) eps_pos
    beta2_01 c_01 coefficients); auto.
  destruct (coefficients k h i Hv Hi) as (_ & _ & _ & C). lra.
Qed.

Local Lemma log_rate_in : B3 = 0 -> (forall h i, beta2s h i = beta2) -> 0 < safeguarded_weight beta2 c ->
  mean_squared_gradient n p d gF (safeguarded_point g alpha beta1 eps 0 rhos cs beta2s beta3s x0) T
  <= safeguarded_log_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 c.
Proof.
  intros Z H2 HW. apply path_log_rate_in; auto.
  - split; [auto|]. unfold safeguarded_weight. pose proof (Rmin_l (1 - beta2) (beta2 + (1 - beta2) * c)). lra.
  - intros k h i Hv Hi. rewrite H2. destruct (coefficients k h i Hv Hi) as (_ & C & _).
    unfold safeguarded_weight. split; [apply Rmin_l|]. apply Rle_trans with (1 := Rmin_r _ _).
    apply Rplus_le_compat_l, Rmult_le_compat_l; lra.
Qed.
End Rates.

(* T8: W = 0. *)
Theorem safeguarded_rate n p d F gF L Fstar g G eps alpha beta1 x0 T rhos cs beta2s beta3s beta2 c B3 :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> (0 < T)%nat ->
  0 <= beta2 <= 1 -> 0 <= c <= 1 -> in_range rhos cs beta2s beta3s n d beta2 c B3 ->
  mean_squared_gradient n p d gF (safeguarded_point g alpha beta1 eps 0 rhos cs beta2s beta3s x0) T
  <= safeguarded_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 c B3.
Proof. intros. eapply rate_in; eauto. Qed.

(* T8log *)
Theorem safeguarded_sum_rate n p d F gF L Fstar g G eps alpha beta1 x0 T rhos cs beta2s beta3s beta2 c B3 W :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> (0 < T)%nat ->
  0 <= beta2 <= 1 -> 0 <= c <= 1 -> in_range rhos cs beta2s beta3s n d beta2 c B3 -> 0 < W ->
  mean_squared_gradient n p d gF (safeguarded_point g alpha beta1 eps W rhos cs beta2s beta3s x0) T
  <= safeguarded_sum_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 c B3 W.
Proof. intros. eapply sum_rate_in; eauto. Qed.

(* T7log for T8's method on any path with beta3 = 0 and weight <= min(1-beta2_t, beta2_t + (1-beta2_t) c_t). *)
Theorem safeguarded_path_log_rate n p d F gF L Fstar g G eps alpha beta1 x0 T rhos cs beta2s beta3s beta2 c weight :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> (0 < T)%nat ->
  0 <= beta2 <= 1 -> 0 <= c <= 1 -> in_range rhos cs beta2s beta3s n d beta2 c 0 -> 0 < weight <= 1 ->
  (forall k h i, valid n (k :: h) -> (i < d)%nat -> weight <= 1 - beta2s (k :: h) i
     /\ weight <= beta2s (k :: h) i + (1 - beta2s (k :: h) i) * cs (k :: h) i) ->
  mean_squared_gradient n p d gF (safeguarded_point g alpha beta1 eps 0 rhos cs beta2s beta3s x0) T
  <= monotone_log_bound (safeguarded_radius eps G beta2 c 0) weight (Q_safeguarded (INR T) G eps)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1.
Proof. intros. eapply path_log_rate_in; eauto. Qed.

(* The same with a constant beta2; rho_t and c_t >= c on any path. *)
Theorem safeguarded_log_rate n p d F gF L Fstar g G eps alpha beta1 x0 T rhos cs beta2s beta3s beta2 c :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> (0 < T)%nat ->
  0 <= beta2 <= 1 -> 0 <= c <= 1 -> in_range rhos cs beta2s beta3s n d beta2 c 0 ->
  (forall h i, beta2s h i = beta2) -> 0 < safeguarded_weight beta2 c ->
  mean_squared_gradient n p d gF (safeguarded_point g alpha beta1 eps 0 rhos cs beta2s beta3s x0) T
  <= safeguarded_log_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta1 beta2 c.
Proof. intros. eapply log_rate_in; eauto. Qed.
